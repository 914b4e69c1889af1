/// freeze export: the weights of a finished run as a file to take away.
module Freeze.Cli.Commands.Export

open System
open System.IO
open Argu
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Cli.StoreIndex
open Freeze.Cli.Tables
open Freeze.Runtime.Results

let private export (view: StoreView) (entry: Entry) (path: string) : int =
    try
        view.Export(entry.Hash, path)
        printfn "The weights of %s (%s) are in %s." (line entry.Name) entry.Hash path
        Exit.fine
    with
    | :? IOException
    | :? UnauthorizedAccessException as error ->
        eprintfn "%s cannot be written: %s" path error.Message
        Exit.wrongInput

let run (arguments: ParseResults<ExportArguments>) : int =
    let store = Places.store (arguments.TryGetResult ExportArguments.Store)
    let view = StoreView store
    let path = arguments.GetResult ExportArguments.Safetensors

    match find view store (arguments.GetResult ExportArguments.Run) with
    | Error reason ->
        eprintfn "%s" reason
        Exit.wrongInput
    | Ok entry when not entry.State.IsDone ->
        eprintfn
            "%s is not finished (%s): it has no last weights yet"
            (line entry.Name)
            (fst (describe entry.State))

        Exit.wrongInput
    | Ok _ when File.Exists path && not (arguments.Contains Force) ->
        eprintfn "%s is there already; --force writes over it" path
        Exit.wrongInput
    | Ok entry -> export view entry path
