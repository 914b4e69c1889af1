/// The command line: each union is a command; each case is an option with its help line.
module Freeze.Cli.Arguments

open System
open Argu
open Microsoft.FSharp.Reflection

/// The help line of a command, or of an option with its own text.
type HelpAttribute(text: string) =
    inherit Attribute()
    member _.Text = text

/// An example call of a command.
type ExampleAttribute(text: string) =
    inherit Attribute()
    member _.Text = text

/// Help for options that mean the same in several commands.
let private shared =
    dict
        [
            "Files", "Freeze files (.frz) or plans (.json)."
            "Setting", "a setting that overrides the files, such as 'epochs=1'; may be given several times."
            "Only", "only runs with this value of an axis, such as 'lr=0.1'; may be given several times."
            "Store", "where runs are kept; else FREEZE_STORE, else ./runs."
            "Data", "the folder of the data sets; else FREEZE_DATA."
        ]

/// The help of a command or of an option.
let helpOfCase (case: UnionCaseInfo) : string =
    match case.GetCustomAttributes typeof<HelpAttribute> with
    | [| help |] -> (help :?> HelpAttribute).Text
    | _ -> shared[case.Name]

let private helpOf (argument: 'T) : string =
    FSharpValue.GetUnionFields(argument, typeof<'T>) |> fst |> helpOfCase

/// The error for a number outside its range.
let outside name least most (value: int option) : string option =
    match value with
    | Some value when value < least || value > most ->
        Some $"{name} {value}: expected a number from {least} to {most}"
    | _ -> None

let threadsOutside = outside "--threads" 1 1024

type CheckArguments =
    | [<MainCommand; Mandatory; Help "Freeze files (.frz); - reads standard input.">] Files of
        file: string list
    | [<Help "check them under this profile.">] Profile of name: string
    | [<Help "print the diagnostics as JSON.">] Json

    interface IArgParserTemplate with
        member argument.Usage = helpOf argument

type FormatArguments =
    | [<MainCommand;
        Mandatory;
        Help "Freeze files to put into canonical form, in place; - reads standard input.">] Files of
        file: string list
    | [<Help "change nothing; name the files that are not in canonical form and exit with 2.">] Check

    interface IArgParserTemplate with
        member argument.Usage = helpOf argument

type PlanArguments =
    | [<MainCommand; Mandatory>] Files of file: string list
    | [<Help "show the layers of every run.">] Layers
    | [<Help "plan under this profile of the files.">] Profile of name: string
    | [<CustomCommandLine "--set">] Setting of statement: string
    | Only of condition: string
    | [<Help "time some steps of each run, and estimate how long all runs take here.">] Time
    | [<Help "processor threads for these steps; all by default.">] Threads of count: int
    | [<Help "the folder of a data set or of several, or an archive (FREEZE_DATA).">] Data of folder: string
    | [<Help "where longer runs find the runs to continue from; else FREEZE_STORE, else ./runs.">] Store of
        folder: string
    | [<Help "print the plan as JSON; freeze run accepts it.">] Json

    interface IArgParserTemplate with
        member argument.Usage = helpOf argument

type DiffArguments =
    | [<MainCommand; Mandatory; Help "two files, or one and a git revision of it (HEAD~1:table1.frz).">] Files of
        file: string list
    | [<Help "compare under this profile of the files.">] Profile of name: string
    | [<Help "print the differences as JSON.">] Json

    interface IArgParserTemplate with
        member argument.Usage = helpOf argument

type ExplainArguments =
    | [<MainCommand; Mandatory; Help "the code of a message, such as FRZ012.">] Code of code: string

    interface IArgParserTemplate with
        member argument.Usage = helpOf argument

type NetsArguments =
    | [<MainCommand; Help "the net whose source is printed; without a name all are listed.">] Name of
        net: string
    | [<Help "print the list as JSON.">] Json

    interface IArgParserTemplate with
        member argument.Usage = helpOf argument

type ImportArguments =
    | [<MainCommand; Mandatory; Help "a safetensors file of weights.">] File of file: string
    | [<Help "print all of it as JSON.">] Json

    interface IArgParserTemplate with
        member argument.Usage = helpOf argument

type ReportArguments =
    | [<MainCommand; Mandatory>] Files of file: string list
    | [<AltCommandLine("-o"); Help "where the page goes; report.html by default.">] Output of file: string
    | [<Help "write everything as tidy CSV files into this folder.">] Csv of folder: string
    | [<Help "write the tables as Markdown.">] Markdown of file: string
    | [<Help "write event files for TensorBoard, a folder for each run.">] Tensorboard of folder: string
    | [<Help "make no t-SNE maps; those that were made before are shown.">] No_Maps
    | [<Help "show the page in the browser.">] Open
    | [<Help "report on the files under this profile.">] Profile of name: string
    | [<CustomCommandLine "--set">] Setting of statement: string
    | Only of condition: string
    | Store of folder: string
    | [<Help "the folder of the data sets, for maps; else FREEZE_DATA.">] Data of folder: string
    | [<Help "print what was written as JSON.">] Json

    interface IArgParserTemplate with
        member argument.Usage = helpOf argument

type EvaluateArguments =
    | [<MainCommand;
        Mandatory;
        Help "a finished run's hash, the beginning of it, or its name; or a file, with --only to choose a run.">] Run of
        run: string
    | [<Help "read the file under this profile.">] Profile of name: string
    | [<CustomCommandLine "--set">] Setting of statement: string
    | Only of condition: string
    | [<Help "other images: a data set, or a folder with train/CLASS and test/CLASS; or the folder of the run's own set (FREEZE_DATA).">] Data of
        data: string
    | [<Help "write the net's answer on each image as CSV.">] Predictions of file: string
    | [<Help "processor threads; as many as the run had by default.">] Threads of count: int
    | Store of folder: string
    | [<Help "print all of it as JSON.">] Json

    interface IArgParserTemplate with
        member argument.Usage = helpOf argument

type RunArguments =
    | [<MainCommand; Mandatory>] Files of file: string list
    | [<Help "run under this profile of the files.">] Profile of name: string
    | [<CustomCommandLine "--set">] Setting of statement: string
    | Only of condition: string
    | Store of folder: string
    | Data of folder: string
    | [<Help "runs side by side, each in a process of its own; 1 by default.">] Jobs of count: int
    | [<Help "processor threads, divided among the jobs; all by default.">] Threads of count: int
    | [<Help "seconds between saves of a run; 300 by default.">] Checkpoint_Every of seconds: float
    | [<Help "passes to leave out, such as slices,prefix: the same numbers, but slower.">] Without of
        passes: string
    | [<Help "end the batch at the first run that fails.">] Fail_Fast
    | [<Help "try again what has failed.">] Retry
    | [<Help "write event files for TensorBoard with each epoch, a folder for each run.">] Tensorboard of
        folder: string
    | [<Help "fetch missing data, even if that needs a system package.">] Fetch
    | [<Help "say what would be done, and do nothing.">] Dry_Run
    | [<Help "print the outcome of every run as JSON.">] Json
    /// A process started by `--jobs`: it reports each run to its parent, and ends when the parent does.
    | [<Hidden; Help "a process of --jobs.">] Worker

    interface IArgParserTemplate with
        member argument.Usage = helpOf argument

type StatusArguments =
    | [<MainCommand; Help "Freeze files (.frz) or plans (.json); all runs in the store by default.">] Files of
        file: string list
    | [<Help "the runs under this profile of the files.">] Profile of name: string
    | [<CustomCommandLine "--set">] Setting of statement: string
    | Only of condition: string
    | Store of folder: string
    | [<Help "print the state of every run as JSON.">] Json

    interface IArgParserTemplate with
        member argument.Usage = helpOf argument

type WatchArguments =
    | [<MainCommand; Help "Freeze files (.frz) or plans (.json); all runs in the store by default.">] Files of
        file: string list
    | [<Help "the runs under this profile of the files.">] Profile of name: string
    | [<CustomCommandLine "--set">] Setting of statement: string
    | Only of condition: string
    | Store of folder: string

    interface IArgParserTemplate with
        member argument.Usage = helpOf argument

type ShowArguments =
    | [<MainCommand; Mandatory; Help "a run's hash, the beginning of it, or its name.">] Run of run: string
    | Store of folder: string
    | [<Help "print all of it as JSON.">] Json

    interface IArgParserTemplate with
        member argument.Usage = helpOf argument

type GcArguments =
    | [<MainCommand;
        Mandatory;
        Help "Freeze files (.frz) or plans (.json) whose runs are kept, under all their profiles.">] Files of
        file: string list
    | Store of folder: string
    | [<Help "remove the end states of kept runs, from which longer runs could continue.">] Ends
    | [<Help "say what would be removed, and remove nothing.">] Dry_Run
    | [<Help "do not ask.">] Yes
    | [<Help "print what is removed as JSON; only with --yes or --dry-run, since it cannot ask.">] Json

    interface IArgParserTemplate with
        member argument.Usage = helpOf argument

type ExportArguments =
    | [<MainCommand; Mandatory; Help "a finished run's hash, the beginning of it, or its name.">] Run of
        run: string
    | [<Mandatory; Help "the file to write its last weights to.">] Safetensors of path: string
    | [<Help "the member of an ensemble, from 1.">] Member of number: int
    | [<Help "only what the member has learned: whole weights, slices, and running statistics.">] Learned
    | [<Help "write the weights of its best epoch instead; needs 'keep best' in the run's file.">] Best
    | Store of folder: string
    | [<Help "overwrite an existing file.">] Force

    interface IArgParserTemplate with
        member argument.Usage = helpOf argument

type SubmitArguments =
    | [<MainCommand; Mandatory>] Files of file: string list
    | [<Mandatory; Help "hand the runs to Slurm as one array job.">] Slurm
    | [<Help "run under this profile of the files.">] Profile of name: string
    | [<CustomCommandLine "--set">] Setting of statement: string
    | Only of condition: string
    | [<Help "where runs are kept, on a file system of all nodes; else FREEZE_STORE, else ./runs.">] Store of
        folder: string
    | Data of folder: string
    | [<Help "the partition; else Slurm's default.">] Partition of name: string
    | [<Help "the limit of a task as Slurm writes it, such as 2:00:00; a longer run continues in the next task.">] Time of
        limit: string
    | [<Help "the largest number of tasks at once.">] Max_Parallel of tasks: int
    | [<Help "processor threads of a task; 1 by default.">] Cpus of count: int
    | [<Help "GPUs of a task; none by default.">] Gpus of count: int
    | [<Help "passes to leave out, such as slices,prefix.">] Without of passes: string
    | [<Help "try again what has failed.">] Retry
    | [<Help "print the script, and submit nothing.">] Dry_Run
    | [<Help "print the job as JSON.">] Json

    interface IArgParserTemplate with
        member argument.Usage = helpOf argument

type DataArguments =
    | [<MainCommand; Help "sets to fetch and verify; without a name all are listed.">] Names of
        set: string list
    | Data of folder: string
    | [<Help "print the list as JSON.">] Json

    interface IArgParserTemplate with
        member argument.Usage = helpOf argument

type DoctorArguments =
    | Data of folder: string
    | [<Help "print the findings as JSON.">] Json

    interface IArgParserTemplate with
        member argument.Usage = helpOf argument

type LspArguments =
    | [<Help "use standard input and output, which is the default.">] Stdio

    interface IArgParserTemplate with
        member argument.Usage = helpOf argument

type CompletionsArguments =
    | [<MainCommand; Mandatory; Help "bash, zsh or fish.">] Shell of shell: string

    interface IArgParserTemplate with
        member argument.Usage = helpOf argument

[<CliPrefix(CliPrefix.None); HelpFlags "--help">]
type Arguments =
    | [<Help "say what is wrong with Freeze files."; Example "freeze check table1.frz">] Check of
        ParseResults<CheckArguments>
    | [<Help "put Freeze files into their one canonical form."; Example "freeze fmt table1.frz">] Fmt of
        ParseResults<FormatArguments>
    | [<Help "show the runs that files mean, and which weights learn.";
        Example "freeze plan table1.frz --layers">] Plan of ParseResults<PlanArguments>
    | [<Help "say what changed in meaning between two files.";
        Example "freeze diff HEAD~1:table1.frz table1.frz">] Diff of ParseResults<DiffArguments>
    | [<Help "train every run of the files that has no result yet."; Example "freeze run table1.frz --jobs 2">] Run of
        ParseResults<RunArguments>
    | [<Help "say where every run stands."; Example "freeze status table1.frz">] Status of
        ParseResults<StatusArguments>
    | [<Help "show a batch as it goes on, until it has ended."; Example "freeze watch table1.frz">] Watch of
        ParseResults<WatchArguments>
    | [<Help "show one run: plan, epochs, result, files."; Example "freeze show 37b7c43f">] Show of
        ParseResults<ShowArguments>
    | [<Help "hand the runs that have no result yet to Slurm.";
        Example "freeze submit table1.frz --slurm --time 2:00:00">] Submit of ParseResults<SubmitArguments>
    | [<Help "write the weights of a finished run to a file.";
        Example "freeze export 37b7c43f --safetensors weights.safetensors">] Export of
        ParseResults<ExportArguments>
    | [<Help "evaluate a finished run on its test set or on other images: accuracy of each class, confusions.";
        Example "freeze evaluate 37b7c43f --data photos">] Evaluate of ParseResults<EvaluateArguments>
    | [<Help "remove runs that no file means."; Example "freeze gc *.frz --dry-run">] Gc of
        ParseResults<GcArguments>
    | [<Help "show what runs measured: a page of tables and charts, CSV, Markdown.";
        Example "freeze report table1.frz --output table1.html">] Report of ParseResults<ReportArguments>
    | [<Help "list the data sets, or fetch and verify some."; Example "freeze data mnist">] Data of
        ParseResults<DataArguments>
    | [<Help "list the built-in nets, or print one to copy."; Example "freeze nets wrn">] Nets of
        ParseResults<NetsArguments>
    | [<Help "say what a file of weights holds, and which net of the library it fits.";
        Example "freeze import resnet18.safetensors">] Import of ParseResults<ImportArguments>
    | [<Help "say what the code of a message means."; Example "freeze explain FRZ012">] Explain of
        ParseResults<ExplainArguments>
    | [<Help "show what this machine has of what Freeze needs, and how to get the rest.";
        Example "freeze doctor">] Doctor of ParseResults<DoctorArguments>
    | [<Help "serve an editor in the Language Server Protocol."; Example "freeze lsp --stdio">] Lsp of
        ParseResults<LspArguments>
    | [<Help "print a script that makes a shell complete this command.";
        Example "source <(freeze completions bash)">] Completions of ParseResults<CompletionsArguments>
    | [<CliPrefix(CliPrefix.DoubleDash); Help "print the version.">] Version

    interface IArgParserTemplate with
        member argument.Usage = helpOf argument
