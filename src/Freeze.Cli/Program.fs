/// The command `freeze`.
module Freeze.Cli.Program

open System
open System.Reflection
open Argu
open Freeze.Cli.Arguments

let version =
    Assembly
        .GetExecutingAssembly()
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()
        .InformationalVersion.Split('+')[0]

let private execute (arguments: string[]) : int =
    let parser =
        ArgumentParser.Create<Arguments>(programName = "freeze", checkStructure = false)

    let command () =
        match (parser.ParseCommandLine arguments).GetAllResults() with
        | [ Check arguments ] -> Commands.Check.run arguments
        | [ Fmt arguments ] -> Commands.Format.run arguments
        | [ Diff arguments ] -> Commands.Diff.run arguments
        | [ Nets arguments ] -> Commands.Nets.run arguments
        | [ Import arguments ] -> Commands.Import.run arguments
        | [ Explain arguments ] -> Commands.Explain.run arguments
        | [ Plan arguments ] -> Commands.Plan.run arguments
        | [ Run arguments ] -> Commands.Run.run arguments
        | [ Status arguments ] -> Commands.Status.run arguments
        | [ Watch arguments ] -> Commands.Watch.run arguments
        | [ Show arguments ] -> Commands.Show.run arguments
        | [ Submit arguments ] -> Commands.Submit.run arguments
        | [ Export arguments ] -> Commands.Export.run arguments
        | [ Evaluate arguments ] -> Commands.Evaluate.run arguments
        | [ Gc arguments ] -> Commands.Gc.run arguments
        | [ Report arguments ] -> Commands.Report.run arguments
        | [ Data arguments ] -> Commands.Data.run arguments
        | [ Doctor arguments ] -> Commands.Doctor.run version arguments
        | [ Lsp arguments ] -> Commands.Lsp.run version arguments
        | [ Completions arguments ] -> Commands.Completions.run arguments
        | [ Version ] ->
            printfn "Freeze %s" version
            Exit.fine
        | _ ->
            eprintfn "%s" (parser.PrintUsage())
            Exit.wrongInput

    try
        command ()
    with
    | :? ArguParseException as error -> Exit.refuse error.Message
    | :? Freeze.Records.RunException as error ->
        eprintfn "%s\n  %s" error.Message error.Advice
        Exit.wrongInput
    | :? OutOfMemoryException ->
        eprintfn "out of memory"
        Exit.runFailed
    | error ->
        eprintfn "an error in Freeze, please report it with the file: %s" (string error)
        Exit.runFailed

/// Runs the command; returns the exit code.
let run (arguments: string[]) : int =
    match CommandLine.read (List.ofArray arguments) with
    | CommandLine.Call.Sound arguments -> execute arguments
    | CommandLine.Call.Help text ->
        printfn "%s" text
        Exit.fine
    | CommandLine.Call.Wrong reason -> Exit.refuse reason

[<EntryPoint>]
let main arguments = run arguments
