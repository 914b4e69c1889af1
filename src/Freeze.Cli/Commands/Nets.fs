/// freeze nets: lists the built-in nets, or prints the source of one to copy.
module Freeze.Cli.Commands.Nets

open Argu
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Cli.Tables
open Freeze.Cli.Terminal
open Freeze.Language

/// `wrn(depth, widen, drop = 0)`
let private signature (entry: NetLibrary.Entry) =
    let definition = entry.Definition

    match definition.Parameters with
    | [] -> definition.Name.Value
    | parameters ->
        let name (parameter: Syntax.Parameter) =
            match parameter.Default with
            | Some { Value = Syntax.Term.Number(value, _) } -> $"{parameter.Name.Value} = {value}"
            | _ -> parameter.Name.Value

        let inside = parameters |> List.map name |> String.concat ", "
        $"{definition.Name.Value}({inside})"

/// The comment above a net.
let private about (entry: NetLibrary.Entry) =
    entry.Text.Split '\n'
    |> Seq.takeWhile _.StartsWith('#')
    |> Seq.map _.TrimStart('#', ' ')
    |> String.concat " "

let private printJson () =
    NetLibrary.all ()
    |> JsonOutput.printItems "nets" (fun writer entry ->
        writer.WriteString("name", entry.Definition.Name.Value)
        writer.WriteString("signature", signature entry)
        writer.WriteString("about", about entry)
        writer.WriteString("source", entry.Text))

let run (arguments: ParseResults<NetsArguments>) : int =
    match arguments.TryGetResult NetsArguments.Name with
    | None when arguments.Contains NetsArguments.Json ->
        printJson ()
        Exit.fine
    | None ->
        NetLibrary.all () |> print [ words "net" signature; prose "what" about ]

        say "`wrn-28-4` is short for `wrn(28, 4)`; `freeze nets wrn` prints a net to copy."
        Exit.fine
    | Some name ->
        let call = Calls.bare { Value = name; Span = Span.Nowhere }

        match NetLibrary.resolve Map.empty call with
        | Ok found ->
            let entry = NetLibrary.tryFind found.Definition.Name.Value |> Option.get
            printfn "%s" entry.Text
            Exit.fine
        | Error diagnostic -> Exit.refuse $"{diagnostic.Message}: {diagnostic.Label}"
