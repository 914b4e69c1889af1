/// The built-in nets, which are Freeze files embedded in this assembly, and the lookup of nets by call.
[<RequireQualifiedAccess>]
module Freeze.Language.NetLibrary

open System
open System.IO
open System.Reflection
open Freeze.Language.Syntax

/// A built-in net, its text including the comment above it, and its file.
type Entry =
    {
        Definition: Definition
        Text: string
        Source: Source
    }

let private prefix = "Freeze.Language.Library."

/// From the comments directly above a statement to its end.
let private textOf (source: Source) (comments: Span list) (span: Span) =
    let textBetween start finish =
        Source.text source (Span.Between(start, finish))

    let above (span: Span) =
        comments
        |> List.tryFind (fun comment ->
            comment.Start < span.Start
            && (textBetween comment.End span.Start).Trim(' ') = "\n")

    let rec first (span: Span) =
        match above span with
        | Some comment -> first comment
        | None -> span

    textBetween (first span).Start span.End

let private entries (resource: string) (text: string) =
    let source =
        {
            Path = resource.Substring prefix.Length
            Text = text
            Start = 0
        }

    let parsed = Parser.parse source

    match parsed.Diagnostics with
    | first :: _ -> failwith $"{resource}: {first.Message}, {first.Label}"
    | [] ->
        parsed.Statements
        |> List.choose (fun statement ->
            match statement.Value with
            | StatementItem.Net definition ->
                Some
                    {
                        Definition = definition
                        Text = textOf source parsed.Comments statement.Span
                        Source = source
                    }
            | _ -> None)

let private nets: Lazy<Entry list> =
    lazy
        (let assembly = Assembly.GetExecutingAssembly()

         assembly.GetManifestResourceNames()
         |> Seq.filter _.StartsWith(prefix)
         |> Seq.sort
         |> Seq.collect (fun resource ->
             use reader = new StreamReader(assembly.GetManifestResourceStream resource)
             entries resource (reader.ReadToEnd()))
         |> List.ofSeq)

/// The built-in nets, file by file.
let all () : Entry list = nets.Value

let names () =
    all () |> List.map _.Definition.Name.Value

let tryFind name =
    all () |> List.tryFind (fun entry -> entry.Definition.Name.Value = name)

/// The net that a call means: its definition, and the call with the numbers in its name as arguments.
type Resolved =
    {
        Definition: Definition
        Call: Calls.Call
        IsBuiltIn: bool
    }

/// The ways to read a name as a net's name and numbers, the longest name first: `wrn-28-10` is also `wrn(28, 10)`.
let readings (name: string) : (string * string list) list =
    let segments = name.Split '-'

    let isNumber (segment: string) =
        segment.Length < 10 && Seq.forall Char.IsAsciiDigit segment && segment <> ""

    let numbers = segments |> Array.rev |> Array.takeWhile isNumber |> Array.length

    [
        for count in 0 .. min numbers (segments.Length - 1) do
            let stem, numbers = Array.splitAt (segments.Length - count) segments
            String.Join('-', stem), List.ofArray numbers
    ]

/// Finds the net that a call means: `lenet`, `wrn(28, 10)`, or `wrn-28-10` for short. The file's own nets come first.
let resolve (own: Map<string, Definition>) (call: Calls.Call) : Result<Resolved, Diagnostic> =
    let find name =
        match Map.tryFind name own with
        | Some definition -> Some(definition, false)
        | None -> tryFind name |> Option.map (fun entry -> entry.Definition, true)

    let number (segment: string) : Argument =
        {
            Label = None
            Content = at call.Callee.Span (Term.Number(decimal segment, NumberForm.Whole))
        }

    let readings = readings call.Callee.Value

    let found =
        readings
        |> List.tryPick (fun (stem, numbers) ->
            find stem
            |> Option.filter (fun (definition, _) -> definition.Parameters.Length >= numbers.Length)
            |> Option.map (fun found -> found, List.map number numbers))

    match found with
    | Some((definition, isBuiltIn), numbers) ->
        Ok
            {
                Definition = definition
                Call =
                    { call with
                        Arguments = numbers @ call.Arguments
                    }
                IsBuiltIn = isBuiltIn
            }
    | None ->
        let known = (Map.keys own |> List.ofSeq) @ names ()
        let _, numbers = List.last readings

        // `wrm-28-4` is near `wrn-28-4`, though the net's name is `wrn`.
        let near =
            known @ (known |> List.map (fun name -> String.concat "-" (name :: numbers)))
            |> List.distinct

        let known =
            if (Suggest.nearest near call.Callee.Value).IsSome then
                near
            else
                known

        Error(Diagnostic.unknownWord call.Callee.Span "net" call.Callee.Value known)
