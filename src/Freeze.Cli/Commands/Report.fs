/// freeze report: shows what runs measured, from their records alone, during or after training.
module Freeze.Cli.Commands.Report

open System
open System.Collections.Generic
open System.Diagnostics
open System.IO
open System.Text
open Argu
open Freeze
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Cli.Terminal
open Freeze.Language
open Freeze.Records
open Freeze.Report
open Freeze.Report.Page
open Freeze.Report.Tables

/// The tokens that are highlighted in the text of a file.
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
    path

/// Asks the browser to open the page, without waiting for it.
let private show (path: string) =
    try
        let opener =
            if OperatingSystem.IsMacOS() then "open"
            elif OperatingSystem.IsWindows() then "explorer"
            else "xdg-open"

        Process.Start(opener, [ Path.GetFullPath path ]) |> ignore
    with :? ComponentModel.Win32Exception ->
        tell "there is no browser to show %s: open it by hand" path

let private writeEvents (folder: string) (reports: ReportFile array) =
    reports |> Seq.collect _.Runs |> Seq.iter (Events.update folder)
    folder

let private printJson (written: string list) (runs: int) (finished: int) =
    JsonOutput.print (fun writer ->
        writer.WriteNumber("runs", runs)
        writer.WriteNumber("finished", finished)
        writer.WriteStartArray "written"
        written |> List.iter (fun (path: string) -> writer.WriteStringValue path)
        writer.WriteEndArray())

/// The files with the runs selected by `--only`.
let private choose (conditions: string list) (files: Files.Loaded list) : Result<Files.Loaded list, string> =
    files
    |> Seq.collect _.Runs
    |> Seq.toArray
    |> Files.only conditions
    |> Result.map (fun chosen ->
        let chosen = HashSet(chosen, HashIdentity.Reference)

        files
        |> List.map (fun file ->
            { file with
                Runs = file.Runs |> Array.filter chosen.Contains
                Reasons = [||]
            }))

let private makeAll (arguments: ParseResults<ReportArguments>) (files: Files.Loaded list) =
    let store = Places.store (arguments.TryGetResult ReportArguments.Store)
    let beside = arguments.GetResults ReportArguments.Setting

    // The options that the text of the file does not show.
    let profile =
        arguments.GetResult(ReportArguments.Profile, "") :: beside
        |> List.filter ((<>) "")
        |> String.concat "; "

    if not (arguments.Contains No_Maps) then
        let catalog = Places.catalog (arguments.TryGetResult ReportArguments.Data)
        files |> List.iter (FeatureMaps.make (RunStore store) catalog)

    let reports = files |> List.map (recordsOf store profile) |> Array.ofList
    let output = arguments.GetResult(Output, "report.html")

    let written =
        [
            write output (ReportPage.Of(reports, ChartScript.Text, words))

            match arguments.TryGetResult Csv with
            | Some folder ->
                for struct (name, text) in TidyFiles.Of reports do
                    write (Path.Combine(folder, name)) text
            | None -> ()

            match arguments.TryGetResult Markdown with
            | Some path -> write path (MarkdownTables.Of reports)
            | None -> ()

            match arguments.TryGetResult ReportArguments.Tensorboard with
            | Some folder -> writeEvents folder reports
            | None -> ()
        ]

    let runs = reports |> Seq.collect _.Runs |> Seq.toArray
    let finished = runs |> Array.filter (fun run -> run.State.IsDone)

    if arguments.Contains ReportArguments.Json then
        printJson written runs.Length finished.Length
    else
        written |> List.iter (printfn "%s")

    if finished.Length < runs.Length then
        tell "%d of %d runs have no result in %s yet" (runs.Length - finished.Length) runs.Length store

    if arguments.Contains Open then
        show output

let run (arguments: ParseResults<ReportArguments>) : int =
    let reading =
        KnownData.recorded
            (Places.catalog (arguments.TryGetResult ReportArguments.Data))
            (Places.store (arguments.TryGetResult ReportArguments.Store))

    let files =
        arguments.GetResult ReportArguments.Files
        |> List.map (
            Files.loadWith
                reading
                (arguments.TryGetResult ReportArguments.Profile)
                (arguments.GetResults ReportArguments.Setting)
        )

    match
        Files.sound files
        |> Option.map (choose (arguments.GetResults ReportArguments.Only))
    with
    | None -> Exit.wrongInput
    | Some(Error reason) -> Exit.refuse reason
    | Some(Ok files) ->
        try
            makeAll arguments files
            Exit.fine
        with
        | :? IOException
        | :? UnauthorizedAccessException as error -> Exit.refuse error.Message
