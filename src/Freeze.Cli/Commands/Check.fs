/// freeze check: reports what is wrong with files.
module Freeze.Cli.Commands.Check

open Argu
open Freeze.Cli
open Freeze.Cli.Arguments

let run (arguments: ParseResults<CheckArguments>) : int =
    let files =
        arguments.GetResult CheckArguments.Files
        |> List.map (
            match arguments.TryGetResult CheckArguments.Profile with
            | None -> Files.loadWhole KnownData.unread
            | profile -> Files.load KnownData.unread profile
        )

    if arguments.Contains CheckArguments.Json then
        printfn "%s" (files |> List.map (fun file -> file.Sources, file.Diagnostics) |> Render.json)
    else
        Files.printDiagnostics files

        for file in files do
            if not (Files.hasErrors [ file ]) then
                printfn "%s: fine, %s" (Files.pathOf file) (Tables.plural file.Runs.Length "run")

    if Files.hasErrors files then Exit.wrongInput else Exit.fine
