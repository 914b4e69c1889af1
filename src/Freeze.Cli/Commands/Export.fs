/// freeze export: the weights of a finished run as a file to take away.
module Freeze.Cli.Commands.Export

open System
open System.IO
open Argu
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Cli.StoreIndex
open Freeze.Cli.Tables
open Freeze.Records

let private export (store: RunStore) (entry: Entry) (path: string) : int =
    try
        store.Export(entry.Hash, path)
        printfn "The weights of %s (%s) are in %s." (line entry.Name) entry.Hash path
        Exit.fine
    with
    | :? IOException
    | :? UnauthorizedAccessException as error -> Exit.refuse $"{path} cannot be written: {error.Message}"

let run (arguments: ParseResults<ExportArguments>) : int =
    let store = RunStore(Places.store (arguments.TryGetResult ExportArguments.Store))
    let path = arguments.GetResult ExportArguments.Safetensors

    match find store (arguments.GetResult ExportArguments.Run) with
    | Error reason -> Exit.refuse reason
    | Ok entry when not entry.State.IsDone ->
        let state, _ = describe entry.State
        Exit.refuse $"{line entry.Name} is not finished ({state}): it has no last weights yet"
    | Ok _ when File.Exists path && not (arguments.Contains Force) ->
        Exit.refuse $"{path} is there already; --force writes over it"
    | Ok entry -> export store entry path
