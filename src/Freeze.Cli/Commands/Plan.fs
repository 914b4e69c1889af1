/// freeze plan: the runs that files mean, and which weights of each learn, and why.
module Freeze.Cli.Commands.Plan

open System
open System.Collections.Generic
open System.IO
open Argu
open Freeze
open Freeze.Language
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Cli.Tables
open Freeze.Records

/// A run, its hash, its stages if it has some, and where it stands in its file.
type private Shown =
    {
        Run: Run
        Hash: string
        Address: string
        Stages: StageWork[]
        File: Files.Loaded
        Index: int
    }

let private dimension (kind: LayerKind) index =
    Vocabulary.dimensions
    |> List.find (fun dimension -> dimension.Kind = kind && dimension.Index = index)
    |> _.Word

let private action (plan: WeightPlan) =
    let part count index (rest: Stillness) =
        let extent = plan.Weight.Shape[index]
        let still = if rest.IsZero then "zero" else "fixed"
        $"train {count} of {extent} {dimension plan.Weight.Kind index}, rest {still}"

    match plan.Treatment with
    | Treatment.Trained -> "train"
    | Treatment.Still stillness -> if stillness.IsZero then "zero" else "fixed"
    | Treatment.Slice(index, indices, rest) -> part $"{indices.Length}" index rest
    | Treatment.Largest(index, count, rest) -> part $"the largest {count}" index rest
    | Treatment.Solved ridge -> $"solve ridge {ridge}"

let private rate (rate: Rate) =
    match rate with
    | Rate.Times 1.0 -> ""
    | Rate.Times factor -> $"{factor}x"
    | Rate.Exactly value -> $"{value}"

let private update (plan: WeightPlan) =
    let period =
        match plan.Update.Period with
        | Period.Always -> ""
        | Period.Epochs(first, last) -> $"epochs {first}-{last}"

    let decay =
        match rate plan.Update.Decay with
        | "" -> ""
        | value -> $"decay {value}"

    [ rate plan.Update.LearningRate; decay; period ]
    |> List.filter ((<>) "")
    |> String.concat ", "

/// Times the cost of training all, as "0.52x".
let private relative (recipe: Recipe) =
    let weights = PlanFile.weights recipe
    let full = Costs.ofFullTraining recipe.Net weights
    let own = Costs.ofWeights recipe.Net weights
    $"{float own.Step / float (max 1L full.Step):F2}x"

/// The same of stages: a step of each, with what is computed anew for it in front.
let private relativeOfStages (recipe: Recipe) (stages: StageWork[]) =
    let full = Costs.ofFullTraining recipe.Net recipe.Weights

    let own =
        stages
        |> Array.sumBy (fun stage -> stage.Step.Step + (if stage.IsKept then 0L else stage.Prefix))

    $"{float own / float (max 1L full.Step):F2}x"

let private printRuns (shown: Shown[]) =
    // Runs of a large plan have the very same weights, for the most part.
    let once (compute: Recipe -> 'T) =
        Memo.by HashIdentity.Reference PlanFile.weights compute

    let ofWhole = once relative

    let relative (shown: Shown) =
        match shown.Stages with
        | [||] -> ofWhole shown.Run.Recipe
        | stages -> relativeOfStages shown.Run.Recipe stages

    let counts = once (PlanFile.weights >> Counts.ofWeights)

    shown
    |> print
        [
            words "run" _.Run.Name
            words "net" _.Run.NetName
            words "data" (fun shown -> DataSource.name shown.Run.Recipe.Data)
            numbers "trained" (fun shown -> count (counts shown.Run.Recipe).Trained)
            numbers "fixed" (fun shown -> count (counts shown.Run.Recipe).Fixed)
            numbers "zero" (fun shown -> count (counts shown.Run.Recipe).Zero)
            numbers "step" relative
            words "hash" _.Hash
        ]

/// The rule behind a weight as file and line; nothing is known of a plan file's.
let private reason (shown: Shown) (weight: int) : string =
    match
        shown.File.Reasons
        |> Array.tryItem shown.Index
        |> Option.bind (Array.tryItem weight)
    with
    | None -> ""
    | Some None -> "no rule"
    | Some(Some span) ->
        let source = Source.at shown.File.Sources span.Start
        let position = Source.position source span.Start
        $"{IO.Path.GetFileName source.Path}:{position.Line}"

/// Weights of a layer that are shown together, or at the end all weights.
type private Row =
    {
        Name: string
        Weights: WeightPlan[]
        /// One of them, where they are alike.
        Alike: WeightPlan option
        Reason: string
    }

    member row.Show(show: WeightPlan -> string) =
        row.Alike |> Option.map show |> Option.defaultValue ""

/// A layer's weight and bias are shown together where they differ in nothing but name and size.
let private rows (shown: Shown) : Row[] =
    PlanFile.weights shown.Run.Recipe
    |> Array.mapi (fun i plan -> plan, reason shown i)
    |> Array.groupBy (fun (plan, reason) -> plan.Weight.Layer, action plan, update plan, reason)
    |> Array.map (fun ((layer, _, _, reason), plans) ->
        let first = fst plans[0]

        {
            Name =
                if plans.Length > 1 || not first.Weight.IsBias then
                    layer
                else
                    first.Weight.Name
            Weights = plans |> Array.map fst
            Alike = Some first
            Reason = reason
        })

/// What is computed once, where the front is fixed: kept where this machine has room for it, or why it is not.
let private printFeatures (passes: PassPlan) =
    let features = passes.Features

    if features.Output <> "" then
        let size = float features.Bytes / 1e6

        let place =
            if features.Bytes <= Places.featureMemory 1 then
                "memory"
            else
                "a file"

        printfn
            "computed once: the outputs of %s, %.0f MB in %s; then %s"
            features.Output
            (max 1.0 size)
            place
            features.Limit
    elif passes.NoBackward.Length > 0 then
        printfn "computed anew in each step, though fixed: %s" features.Limit

let private million (value: int64) = $"{float value / 1e6:N1} M"

/// What a step of the whole net computes.
let private printStep (recipe: Recipe) (weights: WeightPlan[]) (passes: PassPlan) =
    let own = Costs.ofWeights recipe.Net weights
    let full = Costs.ofFullTraining recipe.Net weights

    printfn
        "a step computes %s multiply-adds per image, %s of full training: forward %s, weight gradients %s, input gradients %s"
        (million own.Step)
        (relative recipe)
        (million own.Forward)
        (million own.WeightGradient)
        (million own.InputGradient)

    if own.Step < full.Step then
        match passes.NoBackward with
        | [||] when own.InputGradient = full.InputGradient ->
            printfn "what is fixed lies behind something that learns: gradients still pass through it"
        | [||] -> ()
        | prefix -> printfn "no backward pass through %s" (Suggest.list "and" 6 prefix)

    printFeatures passes

let private printPasses (recipe: Recipe) =
    let weights = PlanFile.weights recipe
    let passes = PassPlans.ofWeights recipe weights

    if not recipe.Learning.IsStageByStage then
        printStep recipe weights passes

    if passes.Slices.Length > 0 then
        let slice (slice: SlicePlan) =
            let word = dimension LayerKind.Conv slice.Dimension
            $"{slice.Layer} ({slice.Learning} of {slice.Of} {word})"

        printfn
            "gradients and optimizer state of what learns alone: %s"
            (passes.Slices |> Seq.map slice |> Suggest.list "and" 4)

    if passes.Constants.Length > 0 then
        let constant (plan: ConstantPlan) =
            $"{plan.Layer} ({plan.Constant} of {plan.Of})"

        printfn
            "constant, so not computed for each image: channels of %s"
            (passes.Constants |> Seq.map constant |> Suggest.list "and" 4)

    if weights |> Array.forall (fun plan -> plan.Treatment.IsStill) then
        printfn "nothing learns"

/// 1.2 P: in thousands of a thousand, as far as that goes.
let private readable (value: float) =
    let units = [ 1e18, "E"; 1e15, "P"; 1e12, "T"; 1e9, "G"; 1e6, "M" ]

    match units |> List.tryFind (fun (size, _) -> value >= size) with
    | Some(size, unit) -> $"{value / size:F1} {unit}"
    | None -> $"{value:F0}"

/// What each stage of a run tries and costs, and how many of the plan's runs have it.
let private printStagesOf (holders: string -> int) (shown: Shown) =
    let recipe = shown.Run.Recipe

    let parameter read stage =
        let tried = Stages.candidates recipe stage |> Array.map read
        let more = if (Array.distinct tried).Length > 1 then ", …" else ""
        $"{tried[0]:G6}{more}"

    let front (work: StageWork) =
        if work.Prefix = 0L then
            ""
        else
            million work.Prefix + (if work.IsKept then " once" else " each epoch")

    let runs (work: StageWork) =
        match holders work.Address with
        | 1 -> ""
        | several -> $"of {several} runs"

    if shown.Stages.Length > 0 then
        printfn
            "multiply-adds of an image in each stage, what is fixed in front of it, and of all candidates:"

        shown.Stages
        |> Array.mapi (fun i work -> i + 1, work)
        |> print
            [
                words "stage" (fun (stage, _) -> recipe.Net.Stages[stage - 1].Name)
                numbers "candidates" (fun (_, work) -> string work.Candidates)
                numbers "lr" (fun (stage, _) -> parameter Optimizer.learningRate stage)
                numbers "decay" (fun (stage, _) -> parameter Optimizer.decay stage)
                numbers "in front" (snd >> front)
                numbers "step" (fun (_, work) -> million work.Step.Step)
                numbers "in all" (fun (_, work) -> readable work.Work.Operations)
                words "trained once" (snd >> runs)
            ]

/// What the stages learn that learn otherwise than by their classifier's loss.
let private printStageLearning (recipe: Recipe) =
    match recipe.Learning with
    | Learning.StageByStage(_, stages) ->
        for stage, learning in Seq.zip recipe.Net.Stages stages do
            match learning with
            | StageLearning.Classify -> ()
            | StageLearning.Solve ridge ->
                printfn "%s: a classifier in closed form (ridge %g) on random features" stage.Name ridge
            | StageLearning.Reconstruct ->
                printfn "%s: its weights learn to make its input again, then a classifier learns" stage.Name
            | StageLearning.ReconstructThenSolve ridge ->
                printfn
                    "%s: its weights learn to make its input again, then a classifier is solved for (ridge %g)"
                    stage.Name
                    ridge
    | Learning.Together
    | Learning.Ensemble _ -> ()

let private printLayers (holders: string -> int) (shown: Shown) =
    let run = shown.Run
    printfn ""
    printfn "%s" (String.concat " · " [ run.Name; run.NetName; DataSource.name run.Recipe.Data; shown.Hash ])

    let all =
        {
            Name = "in all"
            Weights = PlanFile.weights run.Recipe
            Alike = None
            Reason = ""
        }

    let counts (row: Row) = Counts.ofWeights row.Weights

    Array.append (rows shown) [| all |]
    |> print
        [
            words "layer" _.Name
            words "shape" _.Show(fun plan -> String.Join('x', plan.Weight.Shape))
            words "action" _.Show(action)
            numbers "trained" (fun row -> count (counts row).Trained)
            numbers "still" (fun row -> count ((counts row).Fixed + (counts row).Zero))
            words "start" _.Show(fun plan -> Starts.describe plan.Start)
            words "lr" _.Show(update)
            words "rule" _.Reason
        ]

    printPasses run.Recipe
    printStagesOf holders shown
    printStageLearning run.Recipe

    for expected in run.Expected do
        printfn "expected: %s %g (%s)" expected.Measure expected.Value expected.Source

/// What learning stage by stage shares between runs.
let private printStages (stages: StageWork[]) =
    let distinct = stages |> Array.distinctBy _.Address

    let operations (stages: StageWork[]) =
        stages |> Array.sumBy _.Work.Operations |> readable

    if stages.Length > 0 then
        printfn
            "%d stage trainings, %d distinct; %d candidates, %d distinct; %s multiply-adds, %s distinct: what is alike is trained once"
            stages.Length
            distinct.Length
            (stages |> Array.sumBy _.Candidates)
            (distinct |> Array.sumBy _.Candidates)
            (operations stages)
            (operations distinct)

/// How a search that halves goes on behind the runs of its plan.
let private printRungs (runs: Run[]) =
    let rec behind times (left: int) =
        if left = 1 then
            []
        else
            let next = max 1 (left / Searches.keptOneOf)
            (times * Searches.keptOneOf, next) :: behind (times * Searches.keptOneOf) next

    let halving =
        runs
        |> Array.choose (fun run -> Searches.tryPlace run |> Option.map (fun place -> place, run))
        |> Array.filter (fun (place, _) -> place.Rung > 0)
        |> Array.countBy (fun (place, run) -> place.Search, run.Axes)

    match halving |> Array.map snd |> Array.distinct with
    | [| candidates |] when candidates > 1 ->
        let rungs =
            behind 1 candidates
            |> List.map (fun (times, left) -> $"{left} with {times}x the epochs")
            |> String.concat ", "

        printfn "of each %d candidates the best go on: %s" candidates rungs
    | _ -> ()

/// More runs than this are listed without their layers unless asked for.
let private fewRuns = 3

/// What several runs have in common is trained once, and counted once.
let private printWork (shown: Shown[]) =
    let parts =
        shown
        |> Array.collect (fun shown -> Workloads.parts shown.Address shown.Run.Recipe shown.Stages)

    let distinct = parts |> Array.distinctBy fst
    let work = distinct |> Seq.map snd |> Workloads.sum

    let apart =
        if distinct.Length < parts.Length then
            let alone = parts |> Seq.map snd |> Workloads.sum
            $"; {readable alone.Operations} if runs shared nothing"
        else
            ""

    printfn
        "%s multiply-adds in all: steps on %s images, %s judged%s"
        (readable work.Operations)
        (count work.Trained)
        (count work.Evaluated)
        apart

/// How long all would take here, by some steps of each.
let private printTimes (arguments: ParseResults<PlanArguments>) (runs: Run[]) : int =
    let threads = arguments.GetResult(PlanArguments.Threads, Environment.ProcessorCount)

    let catalog = Places.catalog (arguments.TryGetResult PlanArguments.Data)

    let say name =
        eprintfn "timing steps of %s" (line name)

    let forecasts = Forecast.measure catalog threads say runs

    let forecast show (_, forecast: Result<Forecast.Forecast, string>) =
        forecast |> Result.map show |> Result.defaultValue "–"

    Array.zip runs forecasts
    |> print
        [
            words "run" (fun (run, _) -> run.Name)
            numbers "ms a step" (forecast (fun forecast -> $"{1000.0 * forecast.Step:F0}"))
            numbers "time" (forecast (fun forecast -> duration forecast.Seconds))
        ]

    let known = forecasts |> Array.choose Result.toOption

    printfn
        "%s for %d of %d runs, one after the other on %d threads of this machine, and less by what is computed once, shared or stopped early; %s of memory at most"
        (duration (known |> Array.sumBy _.Seconds))
        known.Length
        runs.Length
        threads
        (Freeze.Runtime.Machine.Readable(Forecast.peakMemory ()))

    let problems =
        forecasts
        |> Array.choose (function
            | Error message -> Some message
            | Ok _ -> None)
        |> Array.distinct

    for problem in problems do
        eprintfn "%s" problem

    Exit.ofSuccess (problems.Length = 0)

/// The runs that need not begin anew, since the store has their first epochs.
let private printStarts (folder: string) (shown: Shown[]) =
    try
        let store = RunStore folder
        let goesOnFrom = StoreIndex.goesOnFrom store

        for shown in shown do
            if shown.Hash <> Address.needsData && not (store.FilesOf shown.Hash).IsFinished then
                goesOnFrom shown.Run
                |> Option.iter (fun shorter ->
                    printfn "%s goes on from %s" (line shown.Run.Name) (StoreIndex.asStart shorter))
    with
    | :? RunException
    | :? IOException
    | :? UnauthorizedAccessException as error -> eprintfn "%s" error.Message

let private show (arguments: ParseResults<PlanArguments>) (files: Files.Loaded list) (chosen: Run[]) =
    let addresses = Addresses()
    let chosen = HashSet(chosen, HashIdentity.Reference)
    let asJson = arguments.Contains PlanArguments.Json

    let shown =
        [|
            for file in files do
                for i in 0 .. file.Runs.Length - 1 do
                    if chosen.Contains file.Runs[i] then
                        file, i
        |]
        |> Array.Parallel.map (fun (file, i) -> addresses.Of file.Runs[i].Recipe, file, i)
        |> Array.distinctBy (fun (address, _, _) -> address)
        |> Array.map (fun (address, file, i) ->
            let isIdentified = DataSource.isIdentified file.Runs[i].Recipe.Data

            {
                Run = file.Runs[i]
                Hash = if isIdentified then address else Address.needsData
                Address = address
                Stages =
                    if asJson then
                        [||]
                    else
                        Workloads.stages file.Runs[i].Recipe
                File = file
                Index = i
            })

    let runs = shown |> Array.map _.Run

    if asJson then
        printf "%s" (PlanFile.ofRuns runs)
        Exit.fine
    else
        printRuns shown
        let stages = shown |> Array.collect _.Stages
        let holders = stages |> Array.countBy _.Address |> Map.ofArray
        printStages stages
        printRungs runs
        printStarts (Places.store (arguments.TryGetResult PlanArguments.Store)) shown

        if runs.Length <= fewRuns || arguments.Contains Layers then
            shown |> Array.iter (printLayers (fun address -> holders[address]))
        else
            printfn "%d runs; --layers shows the layers of each." runs.Length

        printWork shown

        if arguments.Contains PlanArguments.Time then
            printTimes arguments runs
        else
            Exit.fine

let run (arguments: ParseResults<PlanArguments>) : int =
    let files =
        arguments.GetResult PlanArguments.Files
        |> List.map (
            Files.loadWith
                (KnownData.here (Places.catalog (arguments.TryGetResult PlanArguments.Data)))
                (arguments.TryGetResult PlanArguments.Profile)
                (arguments.GetResults PlanArguments.Setting)
        )

    Files.printDiagnostics files

    let mistake =
        match threadsOutside (arguments.TryGetResult PlanArguments.Threads) with
        | None when arguments.Contains PlanArguments.Time && arguments.Contains PlanArguments.Json ->
            Some "--time has no JSON: leave out one of --time and --json"
        | outside -> outside

    if Files.hasErrors files then
        Exit.wrongInput
    elif mistake.IsSome then
        Exit.refuse mistake.Value
    else
        let all = files |> Seq.collect _.Runs |> Seq.toArray

        match Files.only (arguments.GetResults PlanArguments.Only) all with
        | Ok chosen -> show arguments files chosen
        | Error reason -> Exit.refuse reason
