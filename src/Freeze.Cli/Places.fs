/// Where things lie unless the command line says otherwise.
module Freeze.Cli.Places

open System
open Freeze.Runtime.Data

/// An option, else an environment variable, else nothing.
let private either (option: string option) variable =
    match option, Environment.GetEnvironmentVariable variable with
    | Some value, _ -> Some value
    | None, value when not (String.IsNullOrEmpty value) -> Some value
    | None, _ -> None

let store (option: string option) =
    either option "FREEZE_STORE" |> Option.defaultValue "runs"

let catalog (folder: string option) =
    let named =
        match either folder "FREEZE_DATA" with
        | Some named -> named
        | None -> null

    DataCatalog(named, DataCatalog.DefaultCache)
