/// freeze data: lists the data sets on this machine, and how to get the others.
module Freeze.Cli.Commands.Data

open System
open Argu
open Freeze
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Cli.Tables
open Freeze.Cli.Terminal
open Freeze.Language
open Freeze.Records
open Freeze.Runtime.Data

let private place (state: DataState) = Option.ofObj state.Place
let private incomplete (state: DataState) = Option.ofObj state.Incomplete

let private printTable (states: DataState seq) =
    let whereabouts (state: DataState) =
        match place state, incomplete state with
        | Some place, _ -> place
        | None, Some folder -> $"incomplete, in {folder}"
        | None, None -> "missing"

    states
    |> print
        [
            words "data set" _.Set.Name
            spare 1 (words "image" (fun state -> String.Join('x', state.Set.Image)))
            spare 2 (numbers "classes" (fun state -> string state.Set.Classes))
            numbers "training" (fun state -> count (int64 state.Set.TrainingImages))
            numbers "test" (fun state -> count (int64 state.Set.TestImages))
            words "where" whereabouts
            spare 3 (prose "what" _.Set.About)
        ]

    for state in states do
        if (place state).IsNone then
            say "%s: %s" state.Set.Name state.HowToGet

let private printJson (states: DataState seq) =
    states
    |> JsonOutput.printItems "sets" (fun writer state ->
        writer.WriteString("name", state.Set.Name)
        writer.WriteNumber("classes", state.Set.Classes)
        writer.WriteNumber("training", state.Set.TrainingImages)
        writer.WriteNumber("test", state.Set.TestImages)

        match place state with
        | Some place -> writer.WriteString("place", place)
        | None ->
            incomplete state
            |> Option.iter (fun folder -> writer.WriteString("incomplete", folder))

            writer.WriteString("howToGet", state.HowToGet))

/// Fetches a set if it is missing, and reads every file of it.
let private fetch (catalog: DataCatalog) (name: string) : bool =
    try
        let digest = catalog.Verify(name, (fun note -> tell "%s" note))
        let published = DataSets.tryFind name |> Option.get

        let found =
            if digest = published.Digest then
                "verified"
            elif published.IsKnown then
                "not the published files"
            else
                "read, but not verified: this version of Freeze knows no checksum of its published files"

        say "%s: %s, in %s" name found (catalog.Locate name)
        true
    with :? RunException as error ->
        tell "%s: %s\n  %s" name error.Message error.Advice
        false

let run (arguments: ParseResults<DataArguments>) : int =
    let catalog = Places.fetchingCatalog (arguments.TryGetResult DataArguments.Data)
    let known = DataSets.all |> Array.map _.Name |> List.ofArray

    match arguments.GetResult(Names, []) with
    | [] ->
        let states = catalog.States()

        if arguments.Contains DataArguments.Json then
            printJson states
        else
            printTable states

        Exit.fine
    | names ->
        match names |> List.tryFind (fun name -> not (List.contains name known)) with
        | Some unknown ->
            Exit.refuseUnknown
                $"there is no data set {unknown}"
                known
                unknown
                ("known: " + Suggest.list "and" 12 known)
        | None when names |> List.map (fetch catalog) |> List.forall id -> Exit.fine
        | None -> Exit.wrongInput
