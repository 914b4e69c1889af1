/// The command line: each union is a command, each case an option with its line of help.
module Freeze.Cli.Arguments

open Argu

type CheckArguments =
    | [<MainCommand; Mandatory>] Files of file: string list
    | Profile of name: string
    | Json

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Files _ -> "Freeze files (.frz)."
            | Profile _ -> "check them under this profile."
            | Json -> "print the diagnostics as JSON."

type FormatArguments =
    | [<MainCommand; Mandatory>] Files of file: string list
    | Check

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Files _ -> "Freeze files to put into canonical form, in place; - reads standard input."
            | Check -> "change nothing; name the files that are not in canonical form and exit with 2."

type PlanArguments =
    | [<MainCommand; Mandatory>] Files of file: string list
    | Layers
    | Profile of name: string
    | Json

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Files _ -> "Freeze files (.frz) or plans (.json)."
            | Layers -> "show the layers of every run."
            | Profile _ -> "plan under this profile of the files."
            | Json -> "print the plan as JSON; freeze run accepts it."

type DiffArguments =
    | [<MainCommand; Mandatory>] Files of file: string list
    | Profile of name: string
    | Json

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Files _ -> "two files, or one and a git revision of it (HEAD~1:table1.frz)."
            | Profile _ -> "compare under this profile of the files."
            | Json -> "print the differences as JSON."

type ExplainArguments =
    | [<MainCommand; Mandatory>] Code of code: string

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Code _ -> "the code of a message, such as FRZ012."

type NetsArguments =
    | [<MainCommand>] Name of net: string
    | Json

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Name _ -> "the net whose source is printed; without a name all are listed."
            | Json -> "print the list as JSON."

type ReportArguments =
    | [<MainCommand; Mandatory>] Files of file: string list
    | [<AltCommandLine("-o")>] Output of file: string
    | Csv of folder: string
    | Markdown of file: string
    | Tensorboard of folder: string
    | No_Maps
    | Open
    | Profile of name: string
    | Store of folder: string
    | Data of folder: string

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Files _ -> "Freeze files (.frz) or plans (.json)."
            | Output _ -> "where the page goes; report.html by default."
            | Csv _ -> "write everything as tidy CSV files into this folder."
            | Markdown _ -> "write the tables as Markdown."
            | Tensorboard _ -> "write event files for TensorBoard, a folder for each run."
            | No_Maps -> "make no t-SNE maps; those that were made before are shown."
            | Open -> "show the page in the browser."
            | Profile _ -> "report on the files under this profile."
            | Store _ -> "where runs are kept; else FREEZE_STORE, else ./runs."
            | Data _ -> "where data sets lie, for maps; else FREEZE_DATA."

type RunArguments =
    | [<MainCommand; Mandatory>] Files of file: string list
    | Profile of name: string
    | Store of folder: string
    | Data of folder: string
    | Threads of count: int
    | Checkpoint_Every of seconds: float
    | Fail_Fast
    | Retry
    | Json

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Files _ -> "Freeze files (.frz) or plans (.json)."
            | Profile _ -> "run under this profile of the files."
            | Store _ -> "where runs are kept; else FREEZE_STORE, else ./runs."
            | Data _ -> "where data sets lie; else FREEZE_DATA."
            | Threads _ -> "processor threads; all by default."
            | Checkpoint_Every _ -> "seconds after which a run under way is saved; 300 by default."
            | Fail_Fast -> "end the batch with the first run that fails."
            | Retry -> "try again what has failed."
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
    | [<CliPrefix(CliPrefix.None)>] Fmt of ParseResults<FormatArguments>
    | [<CliPrefix(CliPrefix.None)>] Plan of ParseResults<PlanArguments>
    | [<CliPrefix(CliPrefix.None)>] Diff of ParseResults<DiffArguments>
    | [<CliPrefix(CliPrefix.None)>] Run of ParseResults<RunArguments>
    | [<CliPrefix(CliPrefix.None)>] Report of ParseResults<ReportArguments>
    | [<CliPrefix(CliPrefix.None)>] Data of ParseResults<DataArguments>
    | [<CliPrefix(CliPrefix.None)>] Nets of ParseResults<NetsArguments>
    | [<CliPrefix(CliPrefix.None)>] Explain of ParseResults<ExplainArguments>
    | Version

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Check _ -> "say what is wrong with Freeze files."
            | Fmt _ -> "put Freeze files into their one canonical form."
            | Plan _ -> "show the runs that files mean, and which weights learn."
            | Diff _ -> "say what changed in meaning between two files."
            | Run _ -> "train every run of the files that has no result yet."
            | Report _ -> "show what runs measured: a page of tables and charts, CSV, Markdown."
            | Data _ -> "list the data sets, or fetch and verify some."
            | Nets _ -> "list the built-in nets, or print one to copy."
            | Explain _ -> "say what the code of a message means."
            | Version -> "print the version."
