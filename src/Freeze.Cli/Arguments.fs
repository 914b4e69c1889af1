/// The command line: each union is a command, each case an option with its line of help.
module Freeze.Cli.Arguments

open Argu

/// What is wrong with a number that lies outside its range.
let outside name least most (value: int option) : string option =
    match value with
    | Some value when value < least || value > most ->
        Some $"{name} {value}: expected a number from {least} to {most}"
    | _ -> None

let threadsOutside = outside "--threads" 1 1024

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
    | [<CustomCommandLine "--set">] Setting of statement: string
    | Only of condition: string
    | Time
    | Threads of count: int
    | Data of folder: string
    | Json

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Files _ -> "Freeze files (.frz) or plans (.json)."
            | Layers -> "show the layers of every run."
            | Time -> "take some steps of each run, and say how long all will take here."
            | Threads _ -> "processor threads to take them with; all by default."
            | Data _ -> "the folder of a data set or of several, or an archive (FREEZE_DATA)."
            | Profile _ -> "plan under this profile of the files."
            | Setting _ -> "a setting laid over the files, such as 'epochs=1'; may be given several times."
            | Only _ -> "only runs of this value of an axis, such as 'lr=0.1'; may be given several times."
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
    | [<CustomCommandLine "--set">] Setting of statement: string
    | Only of condition: string
    | Store of folder: string
    | Data of folder: string
    | Jobs of count: int
    | Threads of count: int
    | Checkpoint_Every of seconds: float
    | Without of passes: string
    | Fail_Fast
    | Retry
    | Tensorboard of folder: string
    | Dry_Run
    | Json
    /// One of those that `--jobs` starts: it tells its parent of each run, and ends when the parent does.
    | [<Hidden>] Worker

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Files _ -> "Freeze files (.frz) or plans (.json)."
            | Profile _ -> "run under this profile of the files."
            | Setting _ -> "a setting laid over the files, such as 'epochs=1'; may be given several times."
            | Only _ -> "only runs of this value of an axis, such as 'lr=0.1'; may be given several times."
            | Store _ -> "where runs are kept; else FREEZE_STORE, else ./runs."
            | Data _ -> "where data sets lie; else FREEZE_DATA."
            | Jobs _ -> "runs side by side, each in a process of its own; 1 by default."
            | Threads _ -> "processor threads, divided among the jobs; all by default."
            | Checkpoint_Every _ -> "seconds after which a run under way is saved; 300 by default."
            | Without _ ->
                "passes to leave out, such as slices,prefix: the numbers stay the same, and take longer."
            | Fail_Fast -> "end the batch with the first run that fails."
            | Retry -> "try again what has failed."
            | Tensorboard _ -> "write event files for TensorBoard with each epoch, a folder for each run."
            | Dry_Run -> "say what would be done, and do nothing."
            | Json -> "print the outcome of every run as JSON."
            | Worker -> "a process of --jobs."

type StatusArguments =
    | [<MainCommand>] Files of file: string list
    | Profile of name: string
    | [<CustomCommandLine "--set">] Setting of statement: string
    | Only of condition: string
    | Store of folder: string
    | Json

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Files _ -> "Freeze files (.frz) or plans (.json); without, all runs in the store."
            | Profile _ -> "the runs under this profile of the files."
            | Setting _ -> "a setting laid over the files, such as 'epochs=1'; may be given several times."
            | Only _ -> "only runs of this value of an axis, such as 'lr=0.1'; may be given several times."
            | Store _ -> "where runs are kept; else FREEZE_STORE, else ./runs."
            | Json -> "print the state of every run as JSON."

type WatchArguments =
    | [<MainCommand>] Files of file: string list
    | Profile of name: string
    | [<CustomCommandLine "--set">] Setting of statement: string
    | Only of condition: string
    | Store of folder: string

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Files _ -> "Freeze files (.frz) or plans (.json); without, all runs in the store."
            | Profile _ -> "the runs under this profile of the files."
            | Setting _ -> "a setting laid over the files, such as 'epochs=1'; may be given several times."
            | Only _ -> "only runs of this value of an axis, such as 'lr=0.1'; may be given several times."
            | Store _ -> "where runs are kept; else FREEZE_STORE, else ./runs."

type ShowArguments =
    | [<MainCommand; Mandatory>] Run of run: string
    | Store of folder: string

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Run _ -> "a run's hash, the beginning of it, or its name."
            | Store _ -> "where runs are kept; else FREEZE_STORE, else ./runs."

type GcArguments =
    | [<MainCommand; Mandatory>] Files of file: string list
    | Store of folder: string
    | Dry_Run
    | Yes

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Files _ -> "Freeze files (.frz) or plans (.json) whose runs are kept, under all their profiles."
            | Store _ -> "where runs are kept; else FREEZE_STORE, else ./runs."
            | Dry_Run -> "say what would be removed, and remove nothing."
            | Yes -> "do not ask."

type ExportArguments =
    | [<MainCommand; Mandatory>] Run of run: string
    | [<Mandatory>] Safetensors of path: string
    | Store of folder: string
    | Force

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Run _ -> "a finished run's hash, the beginning of it, or its name."
            | Safetensors _ -> "the file to write its last weights to."
            | Store _ -> "where runs are kept; else FREEZE_STORE, else ./runs."
            | Force -> "write over a file that is there."

type SubmitArguments =
    | [<MainCommand; Mandatory>] Files of file: string list
    | [<Mandatory>] Slurm
    | Profile of name: string
    | [<CustomCommandLine "--set">] Setting of statement: string
    | Only of condition: string
    | Store of folder: string
    | Data of folder: string
    | Partition of name: string
    | Time of limit: string
    | Max_Parallel of tasks: int
    | Cpus of count: int
    | Gpus of count: int
    | Without of passes: string
    | Retry
    | Dry_Run

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Files _ -> "Freeze files (.frz) or plans (.json)."
            | Slurm -> "hand the runs to Slurm as one array job."
            | Profile _ -> "run under this profile of the files."
            | Setting _ -> "a setting laid over the files, such as 'epochs=1'; may be given several times."
            | Only _ -> "only runs of this value of an axis, such as 'lr=0.1'; may be given several times."
            | Store _ -> "where runs are kept, on a file system of all nodes; else FREEZE_STORE, else ./runs."
            | Data _ -> "where data sets lie; else FREEZE_DATA."
            | Partition _ -> "the partition; else Slurm's default."
            | Time _ ->
                "the limit of a task as Slurm writes it, such as 2:00:00; a run that needs longer goes on in the next."
            | Max_Parallel _ -> "at most so many tasks at once."
            | Cpus _ -> "processor threads of a task; 1 by default."
            | Gpus _ -> "GPUs of a task; none by default."
            | Without _ -> "passes to leave out, such as slices,prefix."
            | Retry -> "try again what has failed."
            | Dry_Run -> "print the script, and submit nothing."

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

type DoctorArguments =
    | Data of folder: string
    | Json

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Data _ -> "where data sets lie; else FREEZE_DATA."
            | Json -> "print the findings as JSON."

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
    | [<CliPrefix(CliPrefix.None)>] Status of ParseResults<StatusArguments>
    | [<CliPrefix(CliPrefix.None)>] Watch of ParseResults<WatchArguments>
    | [<CliPrefix(CliPrefix.None)>] Show of ParseResults<ShowArguments>
    | [<CliPrefix(CliPrefix.None)>] Submit of ParseResults<SubmitArguments>
    | [<CliPrefix(CliPrefix.None)>] Export of ParseResults<ExportArguments>
    | [<CliPrefix(CliPrefix.None)>] Gc of ParseResults<GcArguments>
    | [<CliPrefix(CliPrefix.None)>] Report of ParseResults<ReportArguments>
    | [<CliPrefix(CliPrefix.None)>] Data of ParseResults<DataArguments>
    | [<CliPrefix(CliPrefix.None)>] Nets of ParseResults<NetsArguments>
    | [<CliPrefix(CliPrefix.None)>] Explain of ParseResults<ExplainArguments>
    | [<CliPrefix(CliPrefix.None)>] Doctor of ParseResults<DoctorArguments>
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
            | Status _ -> "say where every run stands."
            | Watch _ -> "show a batch as it goes on, until it has ended."
            | Show _ -> "show one run: plan, epochs, result, files."
            | Submit _ -> "hand the runs that have no result yet to Slurm."
            | Export _ -> "write the weights of a finished run to a file."
            | Gc _ -> "remove runs that no file means."
            | Report _ -> "show what runs measured: a page of tables and charts, CSV, Markdown."
            | Data _ -> "list the data sets, or fetch and verify some."
            | Nets _ -> "list the built-in nets, or print one to copy."
            | Explain _ -> "say what the code of a message means."
            | Doctor _ -> "say what this machine has of what Freeze needs, and how to get the rest."
            | Lsp _ -> "serve an editor in the Language Server Protocol."
            | Completions _ -> "print what makes a shell complete this command."
            | Version -> "print the version."
