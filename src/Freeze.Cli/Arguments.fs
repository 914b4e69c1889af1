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

type LspArguments =
    | Stdio

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Stdio -> "speak on standard input and output, as ever; some editors say so."

type CompletionsArguments =
    | [<MainCommand; Mandatory>] Shell of shell: string

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Shell _ -> "bash, zsh or fish."

type Arguments =
    | [<CliPrefix(CliPrefix.None)>] Check of ParseResults<CheckArguments>
    | [<CliPrefix(CliPrefix.None)>] Fmt of ParseResults<FormatArguments>
    | [<CliPrefix(CliPrefix.None)>] Plan of ParseResults<PlanArguments>
    | [<CliPrefix(CliPrefix.None)>] Diff of ParseResults<DiffArguments>
    | [<CliPrefix(CliPrefix.None)>] Run of ParseResults<RunArguments>
    | [<CliPrefix(CliPrefix.None)>] Data of ParseResults<DataArguments>
    | [<CliPrefix(CliPrefix.None)>] Nets of ParseResults<NetsArguments>
    | [<CliPrefix(CliPrefix.None)>] Explain of ParseResults<ExplainArguments>
    | [<CliPrefix(CliPrefix.None)>] Lsp of ParseResults<LspArguments>
    | [<CliPrefix(CliPrefix.None)>] Completions of ParseResults<CompletionsArguments>
    | Version

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Check _ -> "say what is wrong with Freeze files."
            | Fmt _ -> "put Freeze files into their one canonical form."
            | Plan _ -> "show the runs that files mean, and which weights learn."
            | Diff _ -> "say what changed in meaning between two files."
            | Run _ -> "train every run of the files that has no result yet."
            | Data _ -> "list the data sets, or fetch and verify some."
            | Nets _ -> "list the built-in nets, or print one to copy."
            | Explain _ -> "say what the code of a message means."
            | Lsp _ -> "serve an editor in the Language Server Protocol."
            | Completions _ -> "print what makes a shell complete this command."
            | Version -> "print the version."
