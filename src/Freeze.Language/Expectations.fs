/// Published values to the runs that they belong to.
module Freeze.Language.Expectations

open System.Collections.Generic
open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.Axes
open Freeze.Language.Sections

/// The published values that hold for a run whose axes have these values: those whose every value is among them. Their
/// places are added to `seen`.
let ofRun
    report
    (textOf: Span -> string)
    (seen: HashSet<Span>)
    scope
    (section: Section)
    (values: Set<string>)
    : Expectation[] =
    let holds (expected: Expected) =
        expected.Published.On
        |> List.forall (fun on ->
            match on.Value with
            | Term.Number(value, (NumberForm.Whole | NumberForm.Decimal)) ->
                values.Contains(AxisValue.text (AxisValue.Number(float value)))
            | _ -> values.Contains(textOf on.Span))

    [|
        for expected in section.Expected do
            let measure = expected.Measure |> List.map _.Value |> String.concat " "

            if not (List.contains measure Vocabulary.measures) then
                report (Diagnostic.unknownWord (join expected.Measure) "measure" measure Vocabulary.measures)
            elif holds expected then
                seen.Add expected.Published.Value.Span |> ignore

                match number scope expected.Published.Value |> Diagnostic.keep report with
                | Some(value, _) ->
                    {
                        Measure = measure
                        Value = float value
                        Source = expected.From
                    }
                | None -> ()
    |]
