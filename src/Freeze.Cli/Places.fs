/// Default locations, unless the command line gives others.
module Freeze.Cli.Places

open System
open Freeze.Records
open Freeze.Runtime
open Freeze.Runtime.Data

/// The value of an environment variable; None if it is empty.
let variable (name: string) : string option =
    Environment.GetEnvironmentVariable name
    |> Option.ofObj
    |> Option.filter ((<>) "")

/// An option, else an environment variable, else None.
let private either (option: string option) (name: string) =
    option |> Option.orElseWith (fun () -> variable name)

let store (option: string option) =
    either option "FREEZE_STORE" |> Option.defaultValue "runs"

let catalog (folder: string option) =
    DataCatalog(Option.toObj (either folder "FREEZE_DATA"), DataCatalog.DefaultCache)

/// The catalog for a command that may install what is missing.
let fetchingCatalog (folder: string option) =
    DataCatalog(Option.toObj (either folder "FREEZE_DATA"), DataCatalog.DefaultCache, MayInstall = true)

/// How many bytes of features each of several parallel processes may keep in memory; FREEZE_MEMORY, in MB, is the total for all
/// of them.
let featureMemory (processes: int) : int64 =
    match variable "FREEZE_MEMORY" with
    | None -> RunnerOptions.UsualFeatureMemory / int64 processes
    | Some text ->
        match
            Int64.TryParse(text, Globalization.NumberStyles.None, Globalization.CultureInfo.InvariantCulture)
        with
        | true, megabytes when megabytes <= 1_000_000_000L -> megabytes * 1_000_000L / int64 processes
        | _ ->
            raise (
                RunException(
                    $"FREEZE_MEMORY is {text}",
                    "give a number of MB, such as 2000, or leave it unset"
                )
            )
