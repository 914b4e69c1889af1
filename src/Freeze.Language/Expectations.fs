/// Assigns published values to the runs that they describe.
module Freeze.Language.Expectations

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.Sections

/// A value after `on` in the notation of axes.
let private wordOf textOf (on: Expression) : string =
    let number value =
        AxisValue.text (AxisValue.Number(float value))

    match on.Value with
    | Term.Number(value, NumberForm.Decimal) when value = truncate value -> number value + ".0"
    | Term.Number(value, (NumberForm.Whole | NumberForm.Decimal)) -> number value
    | Term.Number(value, NumberForm.Percent) -> AxisValue.text (AxisValue.Amount(float value, "%"))
    | Term.Amount({
                      Value = Term.Number(value, NumberForm.Whole)
                  },
                  unit) -> $"{number value} {unit.Value}"
    | _ -> textOf on.Span

/// Whether a run has a value after `on`. `0.4 filters` means the fraction 0.4, unless `filters` is a case.
let private isOf textOf isCase (values: Set<string>) (on: Expression) : bool =
    Selection.has values (wordOf textOf on)
    || match on.Value with
       | Term.Amount({
                         Value = Term.Number(_, (NumberForm.Decimal | NumberForm.Percent))
                     } as share,
                     unit) -> not (isCase unit.Value) && values.Contains(wordOf textOf share)
       | _ -> false

/// The published values for a run with these axis values, with their spans: those whose every value is among the run's values.
let ofRun
    report
    (textOf: Span -> string)
    (isCase: string -> bool)
    scope
    (section: Section)
    (values: Set<string>)
    : (Span * Expectation) list =
    let holds (expected: Expected) =
        expected.Published.On |> List.forall (isOf textOf isCase values)

    [
        for expected in section.Expected do
            let measure = expected.Measure |> List.map _.Value |> String.concat " "

            if not (List.contains measure Vocabulary.measures) then
                report (Diagnostic.unknownWord (join expected.Measure) "measure" measure Vocabulary.measures)
            elif holds expected then
                match number scope expected.Published.Value |> Diagnostic.keep report with
                | Some(value, _) ->
                    expected.Published.Value.Span,
                    {
                        Measure = measure
                        Value = float value
                        Source = expected.From
                    }
                | None -> ()
    ]
