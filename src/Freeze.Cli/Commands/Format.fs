/// freeze fmt: rewrites files in canonical form.
module Freeze.Cli.Commands.Format

open System
open System.IO
open Argu
open Freeze.Language
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Records

/// If the write is interrupted, the old text remains; links and the file's mode are preserved.
let private write (path: string) (text: string) =
    let target =
        match File.ResolveLinkTarget(path, true) with
        | null -> path
        | real -> real.FullName

    WholeFile.Write(
        target,
        fun file ->
            File.SetUnixFileMode(file.SafeFileHandle, File.GetUnixFileMode target)
            file.Write(Text.Encoding.UTF8.GetBytes text)
    )

/// Whether the file now has, or already had, its canonical form.
let private format check path : bool =
    match Files.readSource path with
    | Error reason ->
        eprintfn "%s cannot be read: %s" path reason
        false
    | Ok source ->
        match Format.format source with
        | Error diagnostics ->
            Render.print [ source ] diagnostics
            eprintfn "%s is left as it is" source.Path
            false
        | Ok text when check ->
            if text <> source.Text then
                eprintfn "%s is not in canonical form: run `freeze fmt %s`" source.Path path

            text = source.Text
        | Ok text ->
            try
                if path = Files.standardInput then
                    printf "%s" text
                elif text <> source.Text then
                    write path text

                true
            with
            | :? IOException
            | :? UnauthorizedAccessException as error ->
                eprintfn "%s cannot be written: %s" path error.Message
                false

let run (arguments: ParseResults<FormatArguments>) : int =
    let check = arguments.Contains FormatArguments.Check

    let fine = arguments.GetResult FormatArguments.Files |> List.map (format check)

    if List.forall id fine then Exit.fine else Exit.wrongInput
