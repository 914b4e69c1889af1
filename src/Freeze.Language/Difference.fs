/// What differs in meaning between two plans: text, order, comments and names of lets do not count.
module Freeze.Language.Difference

open System.Collections.Generic
open Freeze

/// What differs between two runs.
type Change =
    {
        /// Such as "epochs" or "conv1.weight".
        What: string
        Before: string
        After: string
    }

let private change what before after =
    {
        What = what
        Before = before
        After = after
    }

[<RequireQualifiedAccess>]
type Difference =
    | Added of Run
    | Gone of Run
    | Changed of before: Run * after: Run * changes: Change list

let private treatment (plan: WeightPlan) =
    [
        RecipeWords.action plan
        $"start {Starts.describe plan.Start}"
        RecipeWords.update plan.Update
    ]
    |> List.filter ((<>) "")
    |> String.concat ", "

/// Values that differ although their words are the same.
let private told what (was: string) (is: string) =
    change what was (if was = is then $"{is}, but others" else is)

/// A change for each weight; equal changes are grouped.
let private weights (before: WeightPlan[]) (after: WeightPlan[]) : Change list =
    let known = before |> Array.map (fun plan -> plan.Weight.Name, plan) |> Map.ofArray

    after
    |> Array.choose (fun plan ->
        match Map.tryFind plan.Weight.Name known with
        | Some earlier when earlier <> plan && earlier.Weight = plan.Weight ->
            Some((treatment earlier, treatment plan), plan.Weight.Name)
        | _ -> None)
    |> Array.groupBy fst
    |> Array.map (fun ((was, is), names) -> told (names |> Array.map snd |> Suggest.list "and" 4) was is)
    |> List.ofArray

/// Nets that differ in more parts are shown as different nets.
let private mostParts = 20

let private net (before: Net) (after: Net) : Change list =
    let describe (net: Net) (node: Node) =
        let inputs = node.Inputs |> Seq.map (fun input -> net.Nodes[input].Name)
        $"""{RecipeWords.of' node.Operation} on {Suggest.list "and" 4 inputs}"""

    let side (net: Net) =
        net.Nodes |> Array.map (fun node -> node.Name, describe net node) |> Map.ofArray

    let was, is = side before, side after

    let names =
        Array.append before.Nodes after.Nodes |> Array.map _.Name |> Array.distinct

    let changed =
        names |> Array.filter (fun name -> Map.tryFind name was <> Map.tryFind name is)

    let shown = changed |> Array.truncate mostParts

    [
        for name in shown do
            let describe side =
                Map.tryFind name side |> Option.defaultValue "none"

            change $"net part {name}" (describe was) (describe is)

        if changed.Length > shown.Length then
            change $"{changed.Length - shown.Length} more parts of the net" "…" "…"
    ]

let private frozenParts what (before: string[]) (after: string[]) : Change list =
    if before = after then
        []
    else
        [ change what (RecipeWords.parts before) (RecipeWords.parts after) ]

/// The settings whose field in a recipe has another name.
let private settings =
    Map.ofList
        [
            "testImages", "test"
            "validation", "validate"
            "normalisation", "normalise"
            "clipping", "clip"
            "dropLast", "drop last"
            "halving", "search halving per stage"
            "stops", "stop"
        ]

/// A change in a field's canonical JSON.
let private ofJson what was is =
    if was = is then
        []
    else
        [ told what (RecipeWords.ofJson was) (RecipeWords.ofJson is) ]

let private ofValues what was is =
    ofJson what (Json.toText was) (Json.toText is)

let private learningWord (learning: Learning) =
    match learning with
    | Learning.Together -> "together"
    | Learning.StageByStage(candidates, stages) ->
        let tried = candidates |> Seq.map (_.Length >> string) |> String.concat ", "
        let stages = stages |> Seq.map RecipeWords.of' |> String.concat ", "
        $"stage by stage ({stages}; optimizers that are tried: {tried})"
    | Learning.Ensemble(members, after, _, _) -> $"ensemble {members} after {after} epochs"

let private learning (before: Learning) (after: Learning) : Change list =
    match before, after with
    | Learning.Ensemble(members, epochs, was, frozen), Learning.Ensemble(members', epochs', is, frozen') ->
        [
            yield! ofValues "members" members members'
            yield! ofValues "epochs before the members" epochs epochs'
            yield! weights was is
            yield! frozenParts "stats frozen of members" frozen frozen'
        ]
    | _ when before = after -> []
    | _ -> [ told "learn" (learningWord before) (learningWord after) ]

let private origin (recipe: Recipe) =
    match Origins.tryBase recipe with
    | None -> "random"
    | Some before -> $"from {before.Name} ({Address.ofRecipe before.Recipe})"

/// What differs between two recipes, setting by setting and weight by weight.
let changes (before: Recipe) (after: Recipe) : Change list =
    Array.zip (Json.fields before) (Json.fields after)
    |> List.ofArray
    |> List.collect (fun ((field, was), (_, is)) ->
        match field with
        | "net" -> net before.Net after.Net
        | "weights" -> weights before.Weights after.Weights
        | "learning" -> learning before.Learning after.Learning
        | "from" ->
            if origin before = origin after then
                []
            else
                [ told "start" (origin before) (origin after) ]
        | "augmentations" when was = is -> []
        | "augmentations" ->
            let words = RecipeWords.augmentations
            [ told "augment" (words before.Augmentations) (words after.Augmentations) ]
        | "frozenStatistics" -> frozenParts "stats frozen" before.FrozenStatistics after.FrozenStatistics
        | "data" when before.Data = after.Data -> []
        | "data" -> [ told "data" (DataSource.name before.Data) (DataSource.name after.Data) ]
        | _ -> ofJson (Map.tryFind field settings |> Option.defaultValue field) was is)

// A list compares by its items, even as a dictionary key.
let private axisValues (run: Run) =
    [ for axis in run.Columns -> axis.Value ]

/// Runs with the same meaning are matched first, whatever their names; then runs with the same name, then runs with the same axis
/// values are each taken for one run that changed.
let between (before: Run[]) (after: Run[]) : Difference list =
    let hashed runs =
        runs |> Array.map (fun (run: Run) -> Address.ofRecipe run.Recipe, run)

    let before, after = hashed before, hashed after
    let hashes runs = runs |> Array.map fst |> Set.ofArray

    let only other runs =
        runs |> Array.filter (fst >> (hashes other).Contains >> not) |> Array.map snd

    let gone, added = only after before, only before after

    let pair (key: Run -> 'Key) (gone: Run list, added: Run list, changed) =
        // The remaining runs of the new plan by key, in order.
        let waiting = Dictionary<'Key, Queue<Run>>()

        for run in added do
            match waiting.TryGetValue(key run) with
            | true, queue -> queue.Enqueue run
            | false, _ -> waiting[key run] <- Queue [ run ]

        let partner (run: Run) =
            match waiting.TryGetValue(key run) with
            | true, queue when queue.Count > 0 -> Some(queue.Dequeue())
            | _ -> None

        let paired = gone |> List.map (fun run -> run, partner run)
        let taken = HashSet<Run>(paired |> Seq.choose snd, HashIdentity.Reference)

        paired |> List.filter (snd >> Option.isNone) |> List.map fst,
        added |> List.filter (taken.Contains >> not),
        changed
        @ (paired
           |> List.choose (fun (run, other) -> other |> Option.map (fun other -> run, other)))

    let gone, added, changed =
        (List.ofArray gone, List.ofArray added, []) |> pair _.Name |> pair axisValues

    [
        for before, after in changed do
            Difference.Changed(before, after, changes before.Recipe after.Recipe)
        for run in gone do
            Difference.Gone run
        for run in added do
            Difference.Added run
    ]
