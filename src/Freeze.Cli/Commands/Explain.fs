/// freeze explain: what the code of a message means.
module Freeze.Cli.Commands.Explain

open Argu
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Language

let private fill (width: int) (text: string) =
    let folder (lines: string list) (word: string) =
        match lines with
        | line :: rest when line.Length + 1 + word.Length <= width -> $"{line} {word}" :: rest
        | _ -> word :: lines

    text.Split ' ' |> Array.fold folder [] |> List.rev |> String.concat "\n"

let run (arguments: ParseResults<ExplainArguments>) : int =
    let asked = (arguments.GetResult Code).ToUpperInvariant()
    let entries = Explanations.all ()

    match entries |> List.tryFind (fst >> (=) asked) with
    | Some(code, text) ->
        printfn "%s" (fill 100 $"{code}: {text}")
        Exit.fine
    | None ->
        Exit.refuseUnknown
            $"no message has the code {asked}"
            (List.map fst entries)
            asked
            "codes are such as FRZ012"
