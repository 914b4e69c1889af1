/// Files named on the command line to runs; nothing starts until all of them are free of errors.
module Freeze.Cli.Files

open System
open System.IO
open Freeze
open Freeze.Language

/// What a file was found to be.
type Loaded =
    {
        Source: Source
        Diagnostics: Diagnostic list
        Runs: Run[]
    }

let private unreadable path reason =
    {
        Source = { Path = path; Text = "" }
        Diagnostics = [ Diagnostic.unreadable reason ]
        Runs = [||]
    }

let private ofPlan path =
    match Source.readPlan path with
    | Error reason -> unreadable path reason
    | Ok text ->
        try
            {
                Source = { Path = path; Text = "" }
                Diagnostics = []
                Runs = PlanFile.ofText text
            }
        with Json.JsonMismatch reason ->
            unreadable path reason

let private ofText path =
    match Source.read path with
    | Error reason -> unreadable path reason
    | Ok source ->
        let analysis = Compile.analyse source

        {
            Source = source
            Diagnostics = analysis.Diagnostics
            Runs = analysis.Runs
        }

/// Reads a Freeze file, or a plan where the name ends in .json.
let load (path: string) : Loaded =
    if Path.GetExtension path = ".json" then
        ofPlan path
    else
        ofText path

let hasErrors (files: Loaded list) =
    files
    |> List.exists (fun file -> file.Diagnostics |> List.exists Diagnostic.isError)

/// Prints every diagnostic to standard error, then how many there are.
let printDiagnostics (files: Loaded list) =
    let colour = Render.coloured (not Console.IsErrorRedirected)

    for file in files do
        for diagnostic in file.Diagnostics do
            eprintfn "%s" (Render.text colour file.Source diagnostic)

    files
    |> List.collect _.Diagnostics
    |> Render.summary
    |> Option.iter (fun summary -> eprintfn "%s" summary)

/// Runs of several files, each recipe once: the same run named twice is trained once.
let runs (files: Loaded list) : Run[] =
    files
    |> Seq.collect _.Runs
    |> Seq.distinctBy (fun run -> Address.ofRecipe run.Recipe)
    |> Seq.toArray
