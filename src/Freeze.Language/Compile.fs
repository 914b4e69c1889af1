/// The two doors of the language: `analyse` for editors and `freeze check`, `plan` for what is to be run.
[<RequireQualifiedAccess>]
module Freeze.Language.Compile

open Freeze

type Analysis =
    {
        Source: Source
        /// In the order of the text.
        Diagnostics: Diagnostic list
        Runs: Run[]
    }

/// All that can be said of a text. It returns for every text, and never throws.
let analyse (source: Source) : Analysis =
    let statements, syntax = Parser.parse source
    let runs, meaning = Checker.check source syntax.IsEmpty statements

    {
        Source = source
        Diagnostics = syntax @ meaning |> List.sortBy (fun d -> d.Span.Start, d.Span.End)
        Runs = List.toArray runs
    }

/// The runs of a text, or its diagnostics where one of them is an error.
let plan (source: Source) : Result<Analysis, Diagnostic list> =
    let analysis = analyse source

    if List.exists Diagnostic.isError analysis.Diagnostics then
        Error analysis.Diagnostics
    else
        Ok analysis
