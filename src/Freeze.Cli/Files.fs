/// Turns files named on the command line into runs; nothing starts until all files are free of errors.
module Freeze.Cli.Files

open System
open System.Globalization
open System.IO
open Freeze
open Freeze.Language

/// The analysis of a file; for a plan, rules and report are unknown.
type Loaded = Compile.Analysis

let pathOf (file: Loaded) : string = (List.head file.Sources).Path

let private ofRuns (path: string) (runs: Run[]) : Loaded =
    {
        Sources = [ { Path = path; Text = ""; Start = 0 } ]
        Diagnostics = []
        Runs = runs
        Reasons = [||]
        Profiles = []
        Report = [||]
    }

/// The analysis of a file that could not be read, with the reason as its error.
let unreadable (path: string) (reason: string) : Loaded =
    { ofRuns path [||] with
        Diagnostics = [ Diagnostic.unreadable reason ]
    }

let private ofPlan path =
    match Source.readPlan path with
    | Error reason -> unreadable path reason
    | Ok text ->
        try
            ofRuns path (PlanFile.ofText text)
        with Json.JsonMismatch reason ->
            unreadable path reason

let options (reading: KnownData.Reading) (profile: string option) : Compile.Options =
    { Compile.defaults with
        Profile = profile |> Option.defaultValue ""
        Files = reading
    }

/// The name that stands for standard input.
let standardInput = "-"

/// The text of a file, or of standard input.
let readSource (path: string) : Result<Source, string> =
    if path = standardInput then
        use input = Console.OpenStandardInput()
        Source.ofStream "standard input" input
    else
        Source.read path

/// Reads a Freeze file under a profile with the statements of `--set` on top, or a plan if the name ends in .json.
let loadWith
    (reading: KnownData.Reading)
    (profile: string option)
    (beside: string list)
    (path: string)
    : Loaded =
    if Path.GetExtension path = ".json" then
        if beside.IsEmpty then
            ofPlan path
        else
            unreadable path "--set is for Freeze files: the runs of a plan are already complete"
    else
        match readSource path with
        | Error reason -> unreadable path reason
        | Ok source ->
            Compile.analyse
                { options reading profile with
                    Overrides = beside
                }
                source

/// Reads a Freeze file under a profile, or a plan if the name ends in .json.
let load (reading: KnownData.Reading) (profile: string option) (path: string) : Loaded =
    loadWith reading profile [] path

/// Reads a file, and adds the errors that occur under one of its profiles only.
let loadWhole (reading: KnownData.Reading) (path: string) : Loaded =
    // Standard input can only be read once.
    let source = lazy readSource path

    let load profile =
        if Path.GetExtension path = ".json" then
            ofPlan path
        else
            match source.Value with
            | Error reason -> unreadable path reason
            | Ok source -> Compile.analyse (options reading profile) source

    let file = load None
    let known = file.Diagnostics |> List.map (fun d -> d.Code, d.Span) |> Set.ofList

    let under profile =
        (load (Some profile)).Diagnostics
        |> List.filter (fun d -> Diagnostic.isError d && not (known.Contains(d.Code, d.Span)))
        |> List.map (fun d ->
            { d with
                Message = $"under profile {profile}: {d.Message}"
            })

    { file with
        Diagnostics = file.Diagnostics @ List.collect under file.Profiles
    }

let hasErrors (files: Loaded list) =
    files
    |> List.exists (fun file -> file.Diagnostics |> List.exists Diagnostic.isError)

/// Prints every diagnostic to standard error, then their number.
let printDiagnostics (files: Loaded list) =
    for file in files do
        Render.print file.Sources file.Diagnostics

    files
    |> List.collect _.Diagnostics
    |> Render.summary
    |> Option.iter (fun summary -> eprintfn "%s" summary)

/// The files, or None if any of them has an error; prints the diagnostics.
let sound (files: Loaded list) : Loaded list option =
    printDiagnostics files
    if hasErrors files then None else Some files

/// The runs of several files, each recipe once: a run named twice is trained once.
let runs (files: Loaded list) : Run[] =
    let addresses = Addresses()

    files
    |> Seq.collect _.Runs
    |> Seq.distinctBy (fun run -> addresses.Of run.Recipe)
    |> Seq.toArray

/// Runs with the runs that they start from, each once; base runs come first, in training order.
let withBases (runs: Run[]) : Run[] =
    let addresses = Addresses()

    let bases =
        [|
            for run in runs do
                for before in Origins.bases run.Recipe ->
                    addresses.Of before.Recipe, Origins.asRun run.Profile before
        |]
        |> Array.distinctBy fst
        // A base that is the beginning of another one goes first, since the other continues from its end.
        |> List.ofArray
        |> List.sortBy (fun (_, run) -> (Origins.bases run.Recipe).Length, run.Recipe.Epochs)
        |> Array.ofList

    if bases.Length = 0 then
        runs
    else
        let known = runs |> Array.map (fun run -> addresses.Of run.Recipe, run)
        let byAddress = dict known
        let isBase = bases |> Seq.map fst |> Set.ofSeq

        Array.append
            (bases
             |> Array.map (fun (address, run) ->
                 match byAddress.TryGetValue address with
                 | true, own -> own
                 | false, _ -> run))
            (known |> Array.filter (fst >> isBase.Contains >> not) |> Array.map snd)

let private valueOf (axis: Axis) = AxisValue.text axis.Value

/// The values of an axis that match: those with the same text, or else the same number, as 0.10 is 0.1 and 1 is `1 filter`.
let private isValue (wanted: string) (axes: Axis seq) : Axis -> bool =
    let isText axis = valueOf axis = wanted

    let isNumber (axis: Axis) =
        match axis.Value, Double.TryParse(wanted, CultureInfo.InvariantCulture) with
        | AxisValue.Number value, (true, number) -> value = number
        | AxisValue.Amount(value, unit), (true, number) when unit <> "%" -> value = number
        | _ -> List.contains wanted (AxisValue.names axis.Value)

    if Seq.exists isText axes then isText else isNumber

/// The runs selected by `axis=value`; several values of one axis widen the choice, several axes narrow it.
let only (conditions: string list) (runs: Run[]) : Result<Run[], string> =
    let split (condition: string) =
        match condition.IndexOf '=' with
        | at when at > 0 -> Ok(condition.Substring(0, at).Trim(), condition.Substring(at + 1).Trim())
        | _ -> Error $"--only '{condition}': expected axis=value, such as --only 'lr=0.1'"

    let check (name: string, value: string) =
        let values =
            runs
            |> Seq.collect _.Columns
            |> Seq.filter (fun axis -> axis.Name = name)
            |> Seq.toArray

        if Seq.isEmpty values then
            let known =
                runs |> Seq.collect _.Columns |> Seq.map _.Name |> Seq.distinct |> List.ofSeq

            match known with
            | [] -> Error $"--only '{name}={value}': these runs differ in no axis"
            | _ ->
                Error
                    $"""--only '{name}={value}': no axis has this name; there is {Suggest.list "and" 12 known}"""
        elif values |> Seq.exists (isValue value values) then
            Ok(name, isValue value values)
        else
            let known = values |> Seq.map valueOf |> Seq.distinct |> List.ofSeq
            Error $"""--only '{name}={value}': {name} is {Suggest.list "or" 12 known}"""

    let checked' = conditions |> List.map (split >> Result.bind check)

    let fits (wanted: (string * (Axis -> bool)) list) (run: Run) =
        wanted
        |> List.groupBy fst
        |> List.forall (fun (name, values) ->
            run.Columns
            |> Array.exists (fun axis ->
                axis.Name = name && values |> List.exists (fun (_, isWanted) -> isWanted axis)))

    match checked' |> List.tryFind _.IsError with
    | Some(Error reason) -> Error reason
    | _ -> Ok(runs |> Array.filter (fits (List.choose Result.toOption checked')))

/// The runs of files under a profile, with the statements of `--set` on top, as selected by `--only`, each recipe once; None
/// after an error, which is printed.
let choose
    (reading: KnownData.Reading)
    (profile: string option)
    (beside: string list)
    (conditions: string list)
    (paths: string list)
    : Run[] option =
    paths
    |> List.map (loadWith reading profile beside)
    |> sound
    |> Option.bind (fun files ->
        match only conditions (runs files) with
        | Ok runs -> Some runs
        | Error reason ->
            eprintfn "%s" reason
            None)
