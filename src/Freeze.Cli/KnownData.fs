/// What plans need to know about data sets: from this machine's copies or, for missing folders, from a store's plans.
module Freeze.Cli.KnownData

open System
open System.IO
open Freeze
open Freeze.Language
open Freeze.Records
open Freeze.Runtime.Data

/// How a command reads what a file refers to.
type Reading = Imports.Files

let private note (text: string) = Terminal.tell "%s" text

let private full (path: string) =
    Path.TrimEndingDirectorySeparator(Path.GetFullPath path)

/// Reads no file of a data set: for commands that do not depend on the images.
let unread: Reading =
    { Compile.defaults.Files with
        Images =
            Memo.once (fun path ->
                if not (Directory.Exists path) then
                    note $"{path} is not on this machine: the hash of its runs needs the data"

                Compile.defaults.Files.Images path)
    }

let private reading (catalog: DataCatalog) (elsewhere: string -> FolderContent option) : Reading =
    let here (listing: ImageListing) =
        try
            let content = ImageFolders.content (catalog.Identify(listing, note)) listing

            if listing.Ignored > 0 then
                note
                    $"{listing.Folder}: {listing.Ignored} files are skipped, since their names are not those of pictures"

            Ok content
        with :? RunException as error ->
            Error error.Message

    let images path =
        if Directory.Exists path then
            ImageFolders.list path |> Result.bind here
        else
            elsewhere path
            |> Option.map Ok
            |> Option.defaultWith (fun () -> unread.Images path)

    { Compile.defaults.Files with
        Named = Memo.once (fun name -> catalog.Identify(name, note))
        Images = Memo.once images
    }

/// Uses the data on this machine.
let here (catalog: DataCatalog) : Reading = reading catalog (fun _ -> None)

/// The folders of images in the plans of a store, each as the latest plan found it.
let private foldersOf (store: string) : Map<string, FolderContent> =
    let store = RunStore store

    store.Hashes()
    |> Seq.map store.FilesOf
    |> Seq.choose (fun files ->
        files.ReadPlan() |> Option.ofObj |> Option.map (fun run -> files.Planned, run))
    |> Seq.sortBy fst
    |> Seq.choose (fun (_, run) ->
        match run.Recipe.Data with
        | DataSource.Folder(path, digest, _, classes, training, test) when digest <> "" ->
            Some(
                full path,
                {
                    Digest = digest
                    Classes = classes
                    TrainingImages = training
                    TestImages = test
                }
            )
        | _ -> None)
    |> Map.ofSeq

/// Uses the data on this machine; for missing folders, what the store's plans recorded.
let recorded (catalog: DataCatalog) (store: string) : Reading =
    let folders = lazy foldersOf store

    reading catalog (fun path ->
        match Map.tryFind (full path) folders.Value with
        | Some content ->
            note $"{path} is not on this machine: taken as the last run in {store} read it"
            Some content
        | None -> None)

/// Whether this machine can tell which images a run was planned with. Older plans recorded only a set's name.
let canIdentify (reading: Reading) (source: DataSource) : bool =
    match source with
    | DataSource.Named(_, "") -> true
    | DataSource.Named(name, digest) ->
        let isPublished =
            DataSets.tryFind name
            |> Option.exists (fun set -> set.IsKnown && set.Digest = digest)

        isPublished || reading.Named name = digest
    | DataSource.Folder(path, _, _, _, _, _) -> Directory.Exists path

/// Downloads missing data sets of runs if possible; reports the others once each, with the reason why their runs cannot be
/// trained here. Returns whether all are present.
let bring (catalog: DataCatalog) (runs: Run[]) : bool =
    let isThere (name: string) =
        try
            catalog.Fetch(name, note) |> ignore
            let state = catalog.StateOf name

            match state.Incomplete with
            | null -> true
            | folder ->
                Terminal.tell "data set %s is incomplete in %s\n  %s" name folder state.HowToGet
                false
        with :? RunException as error ->
            Terminal.tell "%s\n  %s" error.Message error.Advice
            false

    runs
    |> Seq.choose (fun run ->
        match run.Recipe.Data with
        | DataSource.Named(name, _) -> Some name
        | DataSource.Folder _ -> None)
    |> Seq.distinct
    |> Seq.map isThere
    |> List.ofSeq
    |> List.forall id

/// Reports runs that cannot be trained here because their images are unknown; returns whether there are none.
let areIdentified (runs: Run[]) : bool =
    let unknown =
        runs |> Array.filter (fun run -> not (DataSource.isIdentified run.Recipe.Data))

    for source in unknown |> Seq.map _.Recipe.Data |> Seq.distinct do
        match source with
        | DataSource.Folder(path, _, _, _, _, _) ->
            Terminal.tell "the folder of images %s is not on this machine: its runs need the data" path
        | DataSource.Named(name, _) ->
            Terminal.tell "the content of data set %s is not known: plan the file again" name

    unknown.Length = 0
