/// freeze export: the weights of a finished run as a file to take away.
module Freeze.Cli.Commands.Export

open System
open System.IO
open Argu
open Freeze
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Cli.StoreIndex
open Freeze.Cli.Tables
open Freeze.Records

/// Writes a file; `which` weights they are, as the user is told.
let private write (entry: Entry) (path: string) (which: string) (export: unit -> unit) : int =
    try
        export ()
        printfn "The %s of %s (%s) are in %s." which (line entry.Name) entry.Hash path
        Exit.fine
    with
    | :? IOException
    | :? UnauthorizedAccessException as error -> Exit.refuse $"{path} cannot be written: {error.Message}"
    | :? InvalidDataException as error -> Exit.refuse error.Message

let private exportBest (store: RunStore) (entry: Entry) (path: string) : int =
    let best =
        (store.FilesOf entry.Hash).ReadResult entry.Hash
        |> Option.ofObj
        |> Option.map _.Best

    match best with
    | Some(BestRecord.Kept(epoch, _, _, _, digest)) ->
        write entry path $"weights after epoch {epoch}, the best," (fun () ->
            store.ExportBest(entry.Hash, digest, path))
    | Some BestRecord.NotKept
    | None ->
        Exit.refuse
            $"{line entry.Name} keeps its last weights alone: with `keep best` in its file a run keeps those of its best epoch too"

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
    | Ok entry when arguments.Contains ExportArguments.Best -> exportBest store entry path
    | Ok entry -> write entry path "weights" (fun () -> store.Export(entry.Hash, path))
