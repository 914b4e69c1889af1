/// Reads `--without` into a set of passes.
[<RequireQualifiedAccess>]
module Freeze.Cli.PassChoice

open System
open Freeze
open Freeze.Language

let names () : string list =
    Pass.all |> Array.map Pass.name |> List.ofArray

let private unknown (word: string) =
    let near =
        match Suggest.nearest (names ()) word with
        | Some near -> $"did you mean {near}? "
        | None -> ""

    let listed =
        Pass.all
        |> Array.map (fun pass -> $"  {Pass.name pass}: {Pass.describe pass}")
        |> String.concat "\n"

    $"--without {Tables.line word}: there is no such pass; {near}These can be left out:\n{listed}"

/// The passes that remain in force; each word is a name or several names with commas between.
let ofWords (words: string list) : Result<PassSet, string> =
    let words =
        words
        |> List.collect (fun word ->
            word.Split(',', StringSplitOptions.TrimEntries ||| StringSplitOptions.RemoveEmptyEntries)
            |> List.ofArray)

    match words |> List.tryFind (Pass.tryFind >> Option.isNone) with
    | Some word -> Error(unknown word)
    | None -> Ok(words |> List.choose Pass.tryFind |> PassSet.AllBut)

/// The words for a set of passes, for another process.
let toWords (passes: PassSet) : string list =
    passes.Without
    |> Array.toList
    |> List.collect (fun pass -> [ "--without"; Pass.name pass ])
