/// freeze explain: explains the code of a message.
module Freeze.Cli.Commands.Explain

open Argu
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Language

/// Lines are never longer, however wide the terminal is.
let private widest = 100

let run (arguments: ParseResults<ExplainArguments>) : int =
    let asked = (arguments.GetResult Code).ToUpperInvariant()
    let entries = Explanations.all ()

    match entries |> List.tryFind (fst >> (=) asked) with
    | Some(code, text) ->
        let width = min widest (Terminal.width () |> Option.defaultValue widest)
        Terminal.fill width $"{code}: {text}" |> List.iter (printfn "%s")
        Exit.fine
    | None ->
        Exit.refuseUnknown
            $"no message has the code {asked}"
            (List.map fst entries)
            asked
            "codes are such as FRZ012"
