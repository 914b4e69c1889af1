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

/// The bytes of `revision:path` as git has them.
let private show (revision: string) (path: string) : Result<byte[], string> =
    Programs.run Timeout.InfiniteTimeSpan "" "git" [ "show"; $"{revision}:{path}" ]
    |> Result.mapError (function
        | Programs.Problem.NotInstalled -> "git is not installed"
        | Programs.Problem.Failed errors -> errors)

/// `HEAD~1:path`, where no file is called so.
let private (|Revision|_|) (name: string) =
    match name.IndexOf ':' with
    | at when at > 0 && not (File.Exists name) && not (name.StartsWith '-') ->
        Some(name.Substring(0, at), name.Substring(at + 1))
    | _ -> None

/// Paths within a revision start at the working folder when they begin with a dot.
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

        // Paths beside `revision:path` begin with the revision too.
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

let private printChange (change: Change) =
    printfn "    %s: %s → %s" change.What change.Before change.After

let private printText (differences: Difference list) =
    if differences.IsEmpty then
        printfn "The same in meaning."

    for difference in differences do
        match difference with
        | Difference.Changed(before, after, changes) ->
            let renamed = if before.Name = after.Name then "" else $"{before.Name} → "
            printfn "~ %s%s" renamed after.Name
            changes |> List.iter printChange
        | Difference.Gone run -> printfn "- %s" run.Name
        | Difference.Added run -> printfn "+ %s" run.Name

let private printJson (differences: Difference list) =
    differences
    |> JsonArray.print (fun writer difference ->
        match difference with
        | Difference.Changed(before, after, changes) ->
            writer.WriteString("difference", "changed")
            writer.WriteString("name", after.Name)
            writer.WriteString("before", Address.ofRecipe before.Recipe)
            writer.WriteString("after", Address.ofRecipe after.Recipe)

            changes
            |> JsonArray.field writer "changes" (fun change ->
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

            Exit.fine
    | _ ->
        Exit.refuse
            "freeze diff compares two files: freeze diff BEFORE AFTER, or freeze diff HEAD~1:FILE FILE"
