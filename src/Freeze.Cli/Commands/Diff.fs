/// freeze diff: what changed in meaning between two files, or a file and a git revision of it.
module Freeze.Cli.Commands.Diff

open System
open System.IO
open System.Security.Cryptography
open System.Threading
open Argu
open Freeze
open Freeze.Language
open Freeze.Language.Difference
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Cli.Tables
open Freeze.Cli.Terminal

/// The bytes of `revision:path` in git.
let private show (revision: string) (path: string) : Result<byte[], string> =
    Programs.run Timeout.InfiniteTimeSpan "" "git" [ "show"; $"{revision}:{path}" ]
    |> Result.mapError (function
        | Programs.Problem.NotInstalled -> "git is not installed"
        | Programs.Problem.Failed errors -> errors)

/// `HEAD~1:path`, unless a file has that name.
let private (|Revision|_|) (name: string) =
    match name.IndexOf ':' with
    | at when at > 0 && not (File.Exists name) && not (name.StartsWith '-') ->
        Some(name.Substring(0, at), name.Substring(at + 1))
    | _ -> None

/// Git reads paths within a revision as relative to the working folder if they begin with a dot.
let private relative (path: string) =
    if Path.IsPathRooted path || path.StartsWith "./" then
        path
    else
        "./" + path

let private load (reading: KnownData.Reading) (profile: string option) (name: string) : Files.Loaded =
    match name with
    | Revision(revision, path) ->
        let read (path: string) =
            show revision (relative path)
            |> Result.bind (Source.ofBytes $"{revision}:{path}")

        // Imports relative to `revision:path` begin with the revision too.
        let inside (path: string) = path.Substring(path.IndexOf ':' + 1)

        match read path with
        | Error reason -> Files.unreadable name reason
        | Ok source ->
            let usual = Files.options reading profile

            let options =
                { usual with
                    Files =
                        { usual.Files with
                            Read = fun imported -> read (inside imported)
                            Weights =
                                fun weights ->
                                    show revision (relative (inside weights))
                                    |> Result.bind (fun bytes ->
                                        try
                                            use content = new MemoryStream(bytes)
                                            Ok(WeightFiles.ofStream content)
                                        with :? InvalidDataException as error ->
                                            Error error.Message)
                        }
                }

            Compile.analyse options source
    | _ -> Files.load reading profile name

/// How many names of runs fit on a line.
let private most = 4

let private printText (differences: Difference list) =
    if differences.IsEmpty then
        say "The same in meaning."

    let renamed =
        differences
        |> List.choose (function
            | Difference.Changed(before, after, changes) ->
                let name =
                    if before.Name = after.Name then
                        line after.Name
                    else
                        $"{line before.Name} → {line after.Name}"

                Some(name, changes)
            | Difference.Gone _
            | Difference.Added _ -> None)

    let listed (sign: string) (names: string list) =
        match names with
        | [] -> ()
        | [ only ] -> say "%s %s" sign only
        | several -> say "%s %d runs: %s" sign several.Length (Suggest.list "and" most several)

    // Runs with the same changes share one paragraph.
    for changes, several in renamed |> List.groupBy snd do
        several |> List.map fst |> listed "~"

        for change in changes do
            say "    %s: %s → %s" change.What change.Before change.After

    differences
    |> List.choose (function
        | Difference.Gone run -> Some(line run.Name)
        | _ -> None)
    |> listed "-"

    differences
    |> List.choose (function
        | Difference.Added run -> Some(line run.Name)
        | _ -> None)
    |> listed "+"

let private printJson (differences: Difference list) =
    differences
    |> JsonOutput.printItems "differences" (fun writer difference ->
        match difference with
        | Difference.Changed(before, after, changes) ->
            writer.WriteString("difference", "changed")
            writer.WriteString("name", after.Name)
            writer.WriteString("before", Address.ofRecipe before.Recipe)
            writer.WriteString("after", Address.ofRecipe after.Recipe)

            changes
            |> JsonOutput.field writer "changes" (fun change ->
                writer.WriteString("what", change.What)
                writer.WriteString("before", change.Before)
                writer.WriteString("after", change.After))
        | Difference.Gone run ->
            writer.WriteString("difference", "gone")
            writer.WriteString("name", run.Name)
            writer.WriteString("before", Address.ofRecipe run.Recipe)
        | Difference.Added run ->
            writer.WriteString("difference", "added")
            writer.WriteString("name", run.Name)
            writer.WriteString("after", Address.ofRecipe run.Recipe))

let run (arguments: ParseResults<DiffArguments>) : int =
    match arguments.GetResult DiffArguments.Files with
    | [ before; after ] ->
        let files =
            [ before; after ]
            |> List.map (
                load (KnownData.here (Places.catalog None)) (arguments.TryGetResult DiffArguments.Profile)
            )

        let errorsAlone (file: Files.Loaded) =
            { file with
                Diagnostics = file.Diagnostics |> List.filter Diagnostic.isError
            }

        match files |> List.map errorsAlone |> Files.sound with
        | None -> Exit.wrongInput
        | Some _ ->
            let differences = Difference.between files[0].Runs files[1].Runs

            if arguments.Contains DiffArguments.Json then
                printJson differences
            else
                printText differences

            if differences.IsEmpty then Exit.fine else Exit.differs
    | _ ->
        Exit.refuse
            "freeze diff compares two files: freeze diff BEFORE AFTER, or freeze diff HEAD~1:FILE FILE"
