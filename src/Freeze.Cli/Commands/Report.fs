/// freeze report: what runs measured, from their records alone, while they go on or after.
module Freeze.Cli.Commands.Report

open System
open System.Diagnostics
open System.IO
open System.Text
open Argu
open Freeze
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Language
open Freeze.Records
open Freeze.Report
open Freeze.Report.Page
open Freeze.Report.Tables

/// What is marked in the text of a file.
let private words =
    [
        yield! Vocabulary.names Settings.entries
        yield! Vocabulary.names Vocabulary.reports
        yield! Vocabulary.names Vocabulary.layers
        yield! Vocabulary.dimensions |> List.map _.Word
        yield! Phrases.reserved
        yield! [ "train"; "fixed"; "zero"; "solve"; "rest"; "by"; "for"; "against"; "fit" ]
    ]

let private recordsOf (store: string) (profile: string) (file: Files.Loaded) : ReportFile =
    let addresses = Addresses()
    let runs = Files.runs [ file ]
    let withWeights = ReportFile.NeedsWeights(file.Report, runs.Length)

    ReportFile(
        Files.pathOf file,
        (List.head file.Sources).Text,
        Revision.ofFile (Files.pathOf file),
        profile,
        file.Report,
        runs
        |> Array.Parallel.map (fun run -> RunRecords.Read(store, run, addresses.Of run.Recipe, withWeights))
    )

let private write (path: string) (text: string) =
    match Path.GetDirectoryName(Path.GetFullPath path) with
    | null -> ()
    | folder -> Directory.CreateDirectory folder |> ignore

    File.WriteAllText(path, text, UTF8Encoding false)
    printfn "%s" path

/// The browser is asked and not waited for.
let private show (path: string) =
    try
        let opener =
            if OperatingSystem.IsMacOS() then "open"
            elif OperatingSystem.IsWindows() then "explorer"
            else "xdg-open"

        Process.Start(opener, [ Path.GetFullPath path ]) |> ignore
    with :? ComponentModel.Win32Exception ->
        eprintfn "there is no browser to show %s: open it by hand" path

let private writeEvents (folder: string) (reports: ReportFile array) =
    reports |> Seq.collect _.Runs |> Seq.iter (Events.update folder)
    printfn "%s: open it with tensorboard --logdir" folder

let private makeAll (arguments: ParseResults<ReportArguments>) (files: Files.Loaded list) =
    let store = Places.store (arguments.TryGetResult ReportArguments.Store)
    let profile = arguments.GetResult(ReportArguments.Profile, "")

    if not (arguments.Contains No_Maps) then
        let catalog = Places.catalog (arguments.TryGetResult ReportArguments.Data)
        files |> List.iter (FeatureMaps.make (RunStore store) catalog)

    let reports = files |> List.map (recordsOf store profile) |> Array.ofList
    let output = arguments.GetResult(Output, "report.html")
    write output (ReportPage.Of(reports, ChartScript.Text, words))

    arguments.TryGetResult Csv
    |> Option.iter (fun folder ->
        for struct (name, text) in TidyFiles.Of reports do
            write (Path.Combine(folder, name)) text)

    arguments.TryGetResult Markdown
    |> Option.iter (fun path -> write path (MarkdownTables.Of reports))

    arguments.TryGetResult ReportArguments.Tensorboard
    |> Option.iter (fun folder -> writeEvents folder reports)

    let runs = reports |> Seq.collect _.Runs |> Seq.toArray
    let finished = runs |> Array.filter (fun run -> run.State.IsDone)

    if finished.Length < runs.Length then
        eprintfn "%d of %d runs have no result in %s yet" (runs.Length - finished.Length) runs.Length store

    if arguments.Contains Open then
        show output

let run (arguments: ParseResults<ReportArguments>) : int =
    let reading =
        KnownData.recorded
            (Places.catalog (arguments.TryGetResult ReportArguments.Data))
            (Places.store (arguments.TryGetResult ReportArguments.Store))

    let files =
        arguments.GetResult ReportArguments.Files
        |> List.map (Files.load reading (arguments.TryGetResult ReportArguments.Profile))

    match Files.sound files with
    | None -> Exit.wrongInput
    | Some files ->
        try
            makeAll arguments files
            Exit.fine
        with
        | :? IOException
        | :? UnauthorizedAccessException as error -> Exit.refuse error.Message
