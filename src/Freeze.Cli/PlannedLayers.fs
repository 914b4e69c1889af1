/// The layers of a planned run: which weights are trained and how, by which rule, and what need not be computed.
module Freeze.Cli.PlannedLayers

open System
open System.IO
open Freeze
open Freeze.Language
open Freeze.Cli.PlannedRuns
open Freeze.Cli.Tables
open Freeze.Cli.Terminal

/// The rule that decides a weight, as file and line; unknown for a plan file.
let private reason (planned: PlannedRun) (weight: int) : string =
    match
        planned.File.Reasons
        |> Array.tryItem planned.Index
        |> Option.bind (Array.tryItem weight)
    with
    | None -> ""
    | Some None -> "no rule"
    | Some(Some span) ->
        let source = Source.at planned.File.Sources span.Start
        let position = Source.position source span.Start
        $"{Path.GetFileName source.Path}:{position.Line}"

/// Weights of a layer that share a row, or all weights for the last row.
type private Row =
    {
        Name: string
        Weights: WeightPlan[]
        /// One of the weights, if they are alike.
        Alike: WeightPlan option
        Reason: string
    }

    member row.Show(show: WeightPlan -> string) =
        row.Alike |> Option.map show |> Option.defaultValue ""

/// A layer's weight and bias share a row if they differ only in name and size.
let private rows (planned: PlannedRun) : Row[] =
    PlanFile.weights planned.Run.Recipe
    |> Array.mapi (fun i plan -> plan, reason planned i)
    |> Array.groupBy (fun (plan, reason) ->
        plan.Weight.Layer, RecipeWords.action plan, RecipeWords.update plan.Update, reason)
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

/// A hint how more of a fixed prefix could be computed once; "" if there is none.
let private wayOut (recipe: Recipe) =
    let unvaried = FixedPrefixes.find { recipe with Augmentations = [||] }

    let statisticsMove =
        unvaried.Limit.StartsWith("the statistics of", StringComparison.Ordinal)

    match Augmentation.tryVarying recipe.Augmentations with
    | Some _ when recipe.Augmentations |> Array.exists _.IsMixup -> ""
    | Some _ when statisticsMove ->
        $"; use `copies 4` after `augment`, and `stats frozen` in the rules of batch norms, since {unvaried.Limit} too"
    | Some _ when unvaried.Output > 0 ->
        "; `copies 4` after `augment` keeps four varied copies of each image, which are computed once"
    | None when statisticsMove -> "; `stats frozen` in their rule keeps them where they start"
    | _ -> ""

/// What is computed once for a fixed prefix and where it is kept, or why it is not.
let private printFeatures (recipe: Recipe) (passes: PassPlan) =
    let features = passes.Features

    if features.Output <> "" then
        let size = float features.Bytes / 1e6

        let place =
            if features.Bytes <= Places.featureMemory 1 then
                "memory"
            else
                "a file"

        say
            "computed once: the outputs of %s%s, %.0f MB in %s; then %s%s"
            features.Output
            (if features.Copies = 0 then
                 ""
             else
                 $" for {features.Copies} varied copies of each training image")
            (max 1.0 size)
            place
            features.Limit
            (wayOut recipe)
    elif passes.NoBackward.Length > 0 then
        say "computed in every step, though fixed: %s%s" features.Limit (wayOut recipe)

/// What a step of the whole net computes.
let private printStep (recipe: Recipe) (weights: WeightPlan[]) (passes: PassPlan) =
    let own = Costs.ofWeights recipe.Net weights
    let full = Costs.ofFullTraining recipe.Net weights

    say
        "a step computes %s multiply-adds per image, %s of full training: forward %s, weight gradients %s, input gradients %s"
        (million own.Step)
        (relativeStep recipe)
        (million own.Forward)
        (million own.WeightGradient)
        (million own.InputGradient)

    if own.Step < full.Step then
        match passes.NoBackward with
        | [||] when own.InputGradient = full.InputGradient ->
            say "the fixed weights come after trained ones: gradients still pass through them"
        | [||] -> ()
        | prefix -> say "no backward pass through %s" (Suggest.list "and" 6 prefix)

    printFeatures recipe passes

let private printPasses (recipe: Recipe) =
    let weights = PlanFile.weights recipe
    let passes = PassPlans.ofWeights recipe weights

    if not recipe.Learning.IsStageByStage then
        printStep recipe weights passes

    if passes.Slices.Length > 0 then
        let slice (slice: SlicePlan) =
            let word = RecipeWords.dimension LayerKind.Conv slice.Dimension
            $"{slice.Layer} ({slice.Learning} of {slice.Of} {word})"

        say
            "gradients and optimizer state only for the trained part of %s"
            (passes.Slices |> Seq.map slice |> Suggest.list "and" 4)

    if passes.Constants.Length > 0 then
        let constant (plan: ConstantPlan) =
            $"{plan.Layer} ({plan.Constant} of {plan.Of})"

        say
            "constant, so not computed for each image: channels of %s"
            (passes.Constants |> Seq.map constant |> Suggest.list "and" 4)

    if weights |> Array.forall (fun plan -> plan.Treatment.IsStill) then
        say "nothing learns"

/// Prints the layers of a run, and what a step does not compute.
let print (planned: PlannedRun) =
    let run = planned.Run
    say ""

    say "%s" (String.concat " · " [ run.Name; run.NetName; DataSource.name run.Recipe.Data; planned.Hash ])

    let all =
        {
            Name = "in all"
            Weights = PlanFile.weights run.Recipe
            Alike = None
            Reason = ""
        }

    let counts (row: Row) = Counts.ofWeights row.Weights

    Array.append (rows planned) [| all |]
    |> print
        [
            words "layer" _.Name
            spare 2 (words "shape" _.Show(fun plan -> String.Join('x', plan.Weight.Shape)))
            prose "action" _.Show(RecipeWords.action)
            numbers "trained" (fun row -> count (counts row).Trained)
            spare 1 (numbers "still" (fun row -> count ((counts row).Fixed + (counts row).Zero)))
            spare 5 (words "start" _.Show(Starts.ofPlan))
            spare 3 (prose "update" _.Show(_.Update >> RecipeWords.update))
            spare 4 (words "rule" _.Reason)
        ]

    printPasses run.Recipe
