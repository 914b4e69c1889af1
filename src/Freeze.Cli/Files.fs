/// Files named on the command line to runs; nothing starts until all of them are free of errors.
module Freeze.Cli.Files

open System
open System.IO
open Freeze
open Freeze.Language

/// What a file was found to be.
type Loaded =
    {
        Path: string
        /// The file, then those that it imports.
        Sources: Source list
        Diagnostics: Diagnostic list
        Runs: Run[]
        /// For each run, for each of its weights, the rule that decides it; nothing is known of a plan's.
        Reasons: Span option[][]
        Profiles: string list
        /// What the file asks a report to show; nothing is known of a plan's.
        Report: ReportItem[]
    }

/// A file that could not be read, as messages show it.
let unreadable path reason =
    {
        Path = path
        Sources = [ { Path = path; Text = ""; Start = 0 } ]
        Diagnostics = [ Diagnostic.unreadable reason ]
        Runs = [||]
        Reasons = [||]
        Profiles = []
        Report = [||]
    }

let private ofPlan path =
    match Source.readPlan path with
    | Error reason -> unreadable path reason
    | Ok text ->
        try
            { unreadable path "" with
                Diagnostics = []
                Runs = PlanFile.ofText text
            }
        with Json.JsonMismatch reason ->
            unreadable path reason

/// What a text means under options.
let ofSource (options: Compile.Options) (source: Source) : Loaded =
    let analysis = Compile.analyse options source

    {
        Profiles = analysis.Profiles
        Path = source.Path
        Sources = analysis.Sources
        Diagnostics = analysis.Diagnostics
        Runs = analysis.Runs
        Reasons = analysis.Reasons
        Report = analysis.Report
    }

let options (profile: string option) : Compile.Options =
    { Compile.usual with
        Profile = profile |> Option.defaultValue ""
    }

/// Reads a Freeze file under a profile, or a plan where the name ends in .json.
let load (profile: string option) (path: string) : Loaded =
    if Path.GetExtension path = ".json" then
        ofPlan path
    else
        match Source.read path with
        | Error reason -> unreadable path reason
        | Ok source -> ofSource (options profile) source

/// Reads a file, and adds what is wrong with it under each of its profiles alone.
let loadWhole (path: string) : Loaded =
    let file = load None path
    let known = file.Diagnostics |> List.map (fun d -> d.Code, d.Span) |> Set.ofList

    let under profile =
        (load (Some profile) path).Diagnostics
        |> List.filter (fun d -> Diagnostic.isError d && not (known.Contains(d.Code, d.Span)))
        |> List.map (fun d ->
            { d with
                Message = $"under profile {profile}: {d.Message}"
            })

    { file with
        Diagnostics = file.Diagnostics @ List.collect under file.Profiles
    }

let hasErrors (files: Loaded list) =
    files
    |> List.exists (fun file -> file.Diagnostics |> List.exists Diagnostic.isError)

/// Prints every diagnostic to standard error, then how many there are.
let printDiagnostics (files: Loaded list) =
    let colour = Render.coloured (not Console.IsErrorRedirected)

    for file in files do
        for diagnostic in file.Diagnostics do
            eprintfn "%s" (Render.text colour file.Sources diagnostic)

    files
    |> List.collect _.Diagnostics
    |> Render.summary
    |> Option.iter (fun summary -> eprintfn "%s" summary)

/// Runs of several files, each recipe once: the same run named twice is trained once.
let runs (files: Loaded list) : Run[] =
    let addresses = Addresses()

    files
    |> Seq.collect _.Runs
    |> Seq.distinctBy (fun run -> addresses.Of run.Recipe)
    |> Seq.toArray
