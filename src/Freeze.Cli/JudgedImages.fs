/// The images that a finished run is evaluated on: its own test set, or a set with matching images and classes.
module Freeze.Cli.JudgedImages

open System
open System.IO
open Freeze
open Freeze.Cli.Tables
open Freeze.Language
open Freeze.Runtime.Data

type Judged =
    {
        /// The run's own set; read if its training images are needed to normalise inputs.
        Own: ImageSet option
        /// The set to evaluate on, if it is not the run's own.
        Other: ImageSet option
        Name: string
        /// For a folder, the names of the classes, and in Files the paths of the test images; else empty.
        Classes: string[]
        Files: string[]
    }

    interface IDisposable with
        member judged.Dispose() =
            for set in Option.toList judged.Own @ Option.toList judged.Other do
                set.Dispose()

let private note (text: string) = eprintfn "%s" text
let private shape (extents: int[]) = String.Join('x', extents)

/// The shape of the images to evaluate: before scaling, the same as the run's own.
let private input (run: Run) =
    match run.Recipe.Resize, DataSource.tryDescribe run.Recipe.Data with
    | Resize.To _, Some set -> set.Image
    | _ -> run.Recipe.Net.Nodes[0].Shape

/// The number of classes of the training data.
let private classes (run: Run) =
    DataSource.tryDescribe run.Recipe.Data
    |> Option.map _.Classes
    |> Option.defaultValue run.Recipe.Classes

let private fitting (run: Run) =
    let names =
        DataSets.all
        |> Array.filter (fun set -> set.Image = input run && set.Classes = classes run)
        |> Array.map _.Name

    if names.Length = 0 then
        "no data set that Freeze knows fits"
    else
        $"""these data sets fit: {Suggest.list "and" 12 names}"""

let private demandFit (run: Run) (name: string) (image: int[]) (count: int) : Result<unit, string> =
    if image <> input run then
        let reads =
            if run.Recipe.Resize.IsTo then
                "the run scales those of"
            else
                "the net reads"

        Error $"{name} has images of {shape image}, and {reads} {shape (input run)}: {fitting run}"
    elif count <> classes run then
        Error
            $"{name} has {count} classes, and the run was trained on {classes run}, so its answers mean something else: {fitting run}"
    else
        Ok()

let private listed (source: DataSource) : ImageListing option =
    match source with
    | DataSource.Folder(path, _, _, _, _, _) when Directory.Exists path ->
        ImageFolders.list path |> Result.toOption
    | _ -> None

let private withNames (listing: ImageListing option) (judged: Judged) =
    match listing with
    | Some listing ->
        { judged with
            Classes = listing.Classes
            Files = listing.Test |> Array.map _.Path
        }
    | None -> judged

let private unnamed (own: ImageSet option) (other: ImageSet option) (name: string) : Judged =
    {
        Own = own
        Other = other
        Name = name
        Classes = [||]
        Files = [||]
    }

let private loadOwn (catalog: DataCatalog) (run: Run) : Judged =
    unnamed (Some(catalog.Load(run.Recipe.Data, note))) None (DataSource.name run.Recipe.Data)
    |> withNames (listed run.Recipe.Data)

let private loadOther (catalog: DataCatalog) (run: Run) (name: string) (other: unit -> ImageSet) : Judged =
    let own =
        match run.Recipe.Normalisation with
        | Normalisation.By _ -> None
        | Normalisation.Own
        | Normalisation.MeanImage ->
            try
                Some(catalog.Load(run.Recipe.Data, note))
            with :? DataException as error ->
                note "the training images of the run are needed: they say how inputs are normalised"
                raise error

    unnamed own (Some(other ())) name

let private ofName (catalog: DataCatalog) (run: Run) (set: DataSet) : Result<Judged, string> =
    match run.Recipe.Data with
    | DataSource.Named(name, digest) when name = set.Name && catalog.Identify(name, note) = digest ->
        Ok(loadOwn catalog run)
    | _ ->
        demandFit run set.Name set.Image set.Classes
        |> Result.map (fun () -> loadOther catalog run set.Name (fun () -> catalog.Load(set.Name, note)))

/// Classes are numbered in the order of their names, so other names would give other numbers.
let private demandNames (run: Run) (listing: ImageListing) : Result<unit, string> =
    match run.Recipe.Data, listed run.Recipe.Data with
    | _, Some own ->
        match
            listing.Classes
            |> Array.tryFind (fun name -> not (Array.contains name own.Classes))
        with
        | Some other ->
            Error
                $"""{clean other} is not a class of the folder that the run was trained on, which has {Suggest.list "and" 12 own.Classes |> clean}"""
        | None -> Ok()
    | source, None ->
        note
            $"the folders {clean listing.Classes[0]} to {clean (Array.last listing.Classes)} are taken as the {classes run} classes of {DataSource.plainName source}, in this order"

        Ok()

let private ofFolder (catalog: DataCatalog) (run: Run) (listing: ImageListing) : Result<Judged, string> =
    let name = Path.GetFileName listing.Folder

    match input run with
    | [| 3; size; width |] when size = width ->
        demandFit run name (input run) listing.Classes.Length
        |> Result.bind (fun () -> demandNames run listing)
        |> Result.map (fun () ->
            let load () =
                catalog.LoadFolder(listing.Folder, size, note)

            let isOwn = DataSource.digest run.Recipe.Data = catalog.Identify(listing, note)

            if isOwn then
                // The same images, even if they were elsewhere when the run was trained.
                unnamed (Some(load ())) None name
            else
                loadOther catalog run name load
            |> withNames (Some listing))
    | other ->
        Error
            $"the net reads images of {shape other}, and those of a folder have three channels and are square: {fitting run}"

let private isBelow (folder: string) (path: string) =
    let folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath folder)
    let path = Path.GetFullPath path
    path = folder || path.StartsWith(folder + string Path.DirectorySeparatorChar)

/// A catalog for a folder that contains the run's own set, as in other commands.
let private placeOf (path: string) (run: Run) : DataCatalog option =
    match run.Recipe.Data with
    | DataSource.Named(name, _) ->
        let catalog = Places.catalog (Some path)

        catalog.Locate name
        |> Option.ofObj
        |> Option.filter (fun found -> isBelow path found)
        |> Option.map (fun _ -> catalog)
    | DataSource.Folder _ -> None

/// The images given by `--data` or, without it, the run's own test set. The caller disposes it.
let load (run: Run) (data: string option) : Result<Judged, string> =
    let catalog = Places.catalog None

    match data, data |> Option.bind DataSets.tryFind with
    | None, _ -> Ok(loadOwn catalog run)
    | Some _, Some set -> ofName catalog run set
    | Some path, None when Directory.Exists path ->
        match ImageFolders.list path, placeOf path run with
        | Ok listing, _ -> ofFolder catalog run listing
        | Error _, Some place -> Ok(loadOwn place run)
        | Error reason, None ->
            Error
                $"--data {line path}: {reason}; it must hold train/CLASS/… and test/CLASS/… (or val/CLASS/…), or the run's own {DataSource.plainName run.Recipe.Data}"
    | Some other, None ->
        let known = DataSets.all |> Array.map _.Name |> List.ofArray

        match Suggest.nearest known other with
        | Some near -> Error $"--data {line other}: no data set or folder has this name; did you mean {near}?"
        | None -> Error $"--data {line other}: no data set or folder has this name; {fitting run}"
