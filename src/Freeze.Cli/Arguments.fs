/// The command line: each union is a command, each case an option with its line of help.
module Freeze.Cli.Arguments

open Argu

type CheckArguments =
    | [<MainCommand; Mandatory>] Files of file: string list
    | Json

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Files _ -> "Freeze files (.frz)."
            | Json -> "print the diagnostics as JSON."

type PlanArguments =
    | [<MainCommand; Mandatory>] Files of file: string list
    | Layers
    | Json

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Files _ -> "Freeze files (.frz) or plans (.json)."
            | Layers -> "show the layers of every run."
            | Json -> "print the plan as JSON; freeze run accepts it."

type RunArguments =
    | [<MainCommand; Mandatory>] Files of file: string list
    | Store of folder: string
    | Data of folder: string
    | Threads of count: int
    | Json

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Files _ -> "Freeze files (.frz) or plans (.json)."
            | Store _ -> "where runs are kept; else FREEZE_STORE, else ./runs."
            | Data _ -> "where data sets lie; else FREEZE_DATA."
            | Threads _ -> "processor threads; all by default."
            | Json -> "print the outcome of every run as JSON."

type DataArguments =
    | [<MainCommand>] Names of set: string list
    | Data of folder: string
    | Json

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Names _ -> "sets to fetch and verify; without a name all are listed."
            | Data _ -> "where data sets lie; else FREEZE_DATA."
            | Json -> "print the list as JSON."

type Arguments =
    | [<CliPrefix(CliPrefix.None)>] Check of ParseResults<CheckArguments>
    | [<CliPrefix(CliPrefix.None)>] Plan of ParseResults<PlanArguments>
    | [<CliPrefix(CliPrefix.None)>] Run of ParseResults<RunArguments>
    | [<CliPrefix(CliPrefix.None)>] Data of ParseResults<DataArguments>
    | Version

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Check _ -> "say what is wrong with Freeze files."
            | Plan _ -> "show the runs that files mean, and which weights learn."
            | Run _ -> "train every run of the files that has no result yet."
            | Data _ -> "list the data sets, or fetch and verify some."
            | Version -> "print the version."
