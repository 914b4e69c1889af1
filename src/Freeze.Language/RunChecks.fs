/// Checks combinations of a run's settings that are allowed one by one.
module Freeze.Language.RunChecks

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Searches
open Freeze.Language.Settings
open Freeze.Language.Sections
open Freeze.Language.Variants

/// The place of a setting's value in a section.
let private place (section: Section) name =
    Map.tryFind name section.Settings
    |> Option.map (fun written -> join written.Phrase)
    |> Option.defaultValue Span.Nowhere

/// A draw must have an effect on the search.
let ofSearch report (variant: Variant) (settings: Settings) =
    let section = variant.Section

    let ofOptimizer =
        [
            yield! Map.toSeq section.Settings
            for KeyValue((_, name), written) in section.Stages -> name, written
        ]
        |> List.filter (fst >> Optimizers.isOfStage)
        |> List.collect (fun (_, written) -> written.Phrase)

    let reachesOptimizer (draw: Let) =
        Optimizers.isStandAlone draw.Name.Value
        || reached (Map.add draw.Name.Value draw.Content section.LetMap) ofOptimizer
           |> Set.contains draw.Name.Value

    match variant.Search with
    | Search.Stages _ when not settings.ByStages || section.Ensemble.IsSome ->
        report (Diagnostic.searchOfNoStages (place section "search"))
    | Search.Stages _ ->
        for draw in section.Draws |> List.filter (reachesOptimizer >> not) do
            report (Diagnostic.drawOfStage draw.Name.Span draw.Name.Value)
    | Search.No
    | Search.Runs _ -> ()

    if variant.Search <> Search.No && settings.Recipe.Validation = Validation.Test then
        report (Diagnostic.chosenByTest (place section "search") "this search chooses")

let ofSettings report (section: Section) (settings: Settings) =
    let recipe = settings.Recipe
    let place = place section
    let side = Array.min settings.Data.Image[1..]

    // If a window of random size follows, both crops apply to the original image.
    let cropped =
        DataSource.tryDescribe recipe.Data
        |> Option.filter (fun _ -> recipe.Augmentations |> Array.exists _.IsResizedCrop)
        |> Option.map _.Image
        |> Option.defaultValue settings.Data.Image

    let outOfRange setting what range =
        report (Diagnostic.outOfRange (place setting) what range)

    let byTest isChosen setting what =
        if isChosen && recipe.Validation = Validation.Test then
            report (Diagnostic.chosenByTest (place setting) what)

    let isOfSeveral = settings.ByStages || section.Ensemble.IsSome
    byTest (recipe.Stops.Length > 0) "stop" "this stop decides"
    byTest recipe.Schedule.IsPlateau "schedule" "this schedule decides"
    byTest (recipe.Keep.IsBest && not isOfSeveral) "keep" "the best epoch is chosen"

    if recipe.Keep.IsBest && isOfSeveral then
        report (Diagnostic.bestOfSeveral (place "keep"))

    if recipe.Warmup > recipe.Epochs then
        outOfRange "warmup" "the warm-up" $"at most the run's %d{recipe.Epochs} epochs"

    for augmentation in recipe.Augmentations do
        match augmentation with
        | Augmentation.Crop padding when padding >= Array.min cropped[1..] ->
            report (Diagnostic.cropBeyond (place "augment") padding cropped)
        | Augmentation.Cutout size when size > side ->
            outOfRange "augment" "the side of the square" $"at most the image's {side}"
        | _ -> ()

/// Warns of copies that no epoch reads. If trainings differ in length, nothing is reported.
let ofCopies report (section: Section) (recipe: Recipe) =
    let copies = Augmentation.copies recipe.Augmentations

    if copies > 0 then
        if
            recipe.Learning.IsTogether
            && recipe.Weights |> Array.exists _.Treatment.IsSolved
        then
            report (Diagnostic.copiesOfSolved (place section "augment"))
        elif copies > recipe.Epochs && not recipe.Halving && not recipe.Learning.IsEnsemble then
            report (Diagnostic.copiesUnread (place section "augment") copies recipe.Epochs)

/// A batch norm cannot estimate a variance from one value.
let ofLastBatch report (section: Section) (recipe: Recipe) =
    let used, _ = Recipe.images recipe

    let heldOut =
        match recipe.Validation with
        | Validation.HeldOut count -> count
        | Validation.Test -> 0

    let normalisesOne (node: Node) =
        node.Operation.IsBatchNorm
        && Array.forall ((=) 1) node.Shape[1..]
        && not (Array.contains node.Name recipe.FrozenStatistics)

    let trained = used - heldOut

    if not recipe.DropLast && trained % recipe.Batch = 1 then
        recipe.Net.Nodes
        |> Array.tryFind normalisesOne
        |> Option.iter (fun node ->
            report (Diagnostic.lastBatchOfOne (place section "batch") recipe.Batch trained node.Name))
    elif recipe.DropLast && used > 0 && trained < recipe.Batch then
        report (Diagnostic.noWholeBatch (place section "drop") recipe.Batch trained)
