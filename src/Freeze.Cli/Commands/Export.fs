/// freeze export: writes the weights of a finished run to a file.
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

type private Wanted =
    | Last
    /// The weights after an epoch, with the SHA-256 of their file.
    | Best of Epoch: int * Digest: string
    /// The weights of an ensemble's member: all of them, or only what it has learned.
    | Member of Number: int * Learned: bool

let private best (store: RunStore) (entry: Entry) : Result<Wanted, string> =
    match
        (store.FilesOf entry.Hash).ReadResult entry.Hash
        |> Option.ofObj
        |> Option.map _.Best
    with
    | Some(BestRecord.Kept(epoch, _, _, _, digest)) -> Ok(Best(epoch, digest))
    | Some BestRecord.NotKept
    | None ->
        Error
            $"{line entry.Name} keeps only its last weights: with `keep best` in its file, a run also keeps those of its best epoch"

let private wanted (arguments: ParseResults<ExportArguments>) (store: RunStore) (entry: Entry) (run: Run) =
    let name = line entry.Name
    let learned = arguments.Contains ExportArguments.Learned

    match run.Recipe.Learning, arguments.TryGetResult ExportArguments.Member with
    | Learning.Ensemble _, Some _ when arguments.Contains ExportArguments.Best ->
        Error $"{name} is an ensemble, whose members keep only their last weights: leave --best out"
    | Learning.Ensemble(members, _, _, _), Some number when number >= 1 && number <= members ->
        Ok(Member(number, learned))
    | Learning.Ensemble(members, _, _, _), _ ->
        Error $"{name} is an ensemble: say which member, --member 1 to {members}"
    | _, Some _ -> Error $"{name} is not an ensemble: --member is only for ensembles"
    | _, None when learned -> Error $"{name} is not an ensemble: --learned is only for members"
    | _, None when arguments.Contains ExportArguments.Best -> best store entry
    | _, None -> Ok Last

let private export (store: RunStore) (entry: Entry) (run: Run) (wanted: Wanted) (path: string) : int =
    try
        let what =
            match wanted with
            | Last ->
                store.Export(entry.Hash, path)
                "The weights"
            | Best(epoch, digest) ->
                store.ExportBest(entry.Hash, digest, path)
                $"The weights after epoch {epoch}, the best,"
            | Member(number, learned) ->
                store.ExportMember(entry.Hash, run, number, learned, path)

                if learned then
                    $"What member {number} has learned"
                else
                    $"The weights of member {number}"

        printfn "%s of %s (%s): %s" what (line entry.Name) entry.Hash path
        Exit.fine
    with
    | :? RunException as error -> Exit.refuse $"{error.Message}; {error.Advice}"
    | :? FileNotFoundException as error -> Exit.refuse $"the run's weights are gone: {error.Message}"
    | :? InvalidDataException as error -> Exit.refuse error.Message
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
        Exit.refuse $"{path} exists already; --force overwrites it"
    | Ok entry ->
        match store.FilesOf(entry.Hash).ReadPlan() |> Option.ofObj with
        | None -> Exit.refuse $"the plan of {line entry.Name} cannot be read"
        | Some run ->
            match wanted arguments store entry run with
            | Error reason -> Exit.refuse reason
            | Ok wanted -> export store entry run wanted path
