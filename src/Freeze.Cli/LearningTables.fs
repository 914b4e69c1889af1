/// What ways to learn and searches have to tell beside what every run has: the stages with what was chosen for them, the
/// members of ensembles, the candidates of a search with the best one marked.
module Freeze.Cli.LearningTables

open System.Globalization
open Freeze
open Freeze.Cli.Tables

let private figure (value: float) =
    value.ToString("G4", CultureInfo.InvariantCulture)

let private seconds (times: EpochTime seq) =
    (times |> Seq.sumBy _.Seconds).ToString("F1", CultureInfo.InvariantCulture)

/// A row for each stage: seconds are those of the training that was kept.
let private stageRows (run: Run, result: RunResult, times: EpochTime[]) =
    match result.Learning with
    | LearningRecord.StageByStage stages ->
        let epochs =
            stages |> Array.map (fun stage -> stage.Candidates[stage.Best].Epochs.Length)

        let starts = epochs |> Array.scan (+) 0

        stages
        |> Array.mapi (fun i stage ->
            let best = stage.Candidates[stage.Best]
            let last = Array.last best.Epochs

            let error =
                best.Reconstruction
                |> Array.tryLast
                |> Option.map (fun epoch -> figure epoch.ValidationError)
                |> Option.defaultValue ""

            let own =
                times |> Seq.truncate starts[i + 1] |> Seq.skip (min times.Length starts[i])

            [
                run.Name
                stage.Name
                $"{stage.Best + 1} of {stage.Candidates.Length}"
                figure (Optimizer.learningRate best.Optimizer)
                figure (Optimizer.decay best.Optimizer)
                error
                percent last.TrainingAccuracy
                percent last.ValidationAccuracy
                seconds own
            ])
        |> List.ofArray
    | LearningRecord.Together
    | LearningRecord.Ensemble _ -> []

let private stages rows =
    print
        [
            words "run"
            words "stage"
            numbers "candidate"
            numbers "lr"
            numbers "decay"
            numbers "error"
            numbers "training"
            numbers "validation"
            numbers "s"
        ]
        rows

let private ensembleRows (run: Run, result: RunResult, _: EpochTime[]) =
    match result.Learning with
    | LearningRecord.Ensemble ensemble ->
        [
            [
                run.Name
                string ensemble.Members.Length
                percent ensemble.MeanAccuracy
                percent ensemble.Accuracy
                percent ensemble.Disagreement
                count ensemble.LearnedParameters
                count ensemble.DistinctParameters
            ]
        ]
    | LearningRecord.Together
    | LearningRecord.StageByStage _ -> []

let private ensembles rows =
    print
        [
            words "run"
            numbers "members"
            numbers "mean accuracy"
            numbers "ensemble accuracy"
            numbers "disagreement"
            numbers "learned in all"
            numbers "distinct in all"
        ]
        rows

let private axis (axis: Axis) =
    match axis.Value with
    | AxisValue.Number value -> $"{axis.Name} {figure value}"
    | AxisValue.Word word -> $"{axis.Name} {word}"

let private listed (axes: Axis[]) =
    axes |> Array.map axis |> String.concat ", "

/// The candidates of each search, those of its last rung where it halves; the best of equal ones is the first.
let private searchRows (finished: (Run * RunResult * EpochTime[]) list) =
    finished
    |> List.choose (fun (run, result, _) ->
        Searches.tryPlace run |> Option.map (fun place -> place, run, result))
    |> Searches.group
    |> List.collect (fun ((_, group, _, _), candidates) ->
        let top = candidates |> List.map (fun (place, _, _) -> place.Rung) |> List.max

        let last = candidates |> List.filter (fun (place, _, _) -> place.Rung = top)

        let best, _, _ =
            last |> List.maxBy (fun (_, _, result) -> Searches.validation result)

        candidates
        |> List.map (fun (place, run, result) ->
            [
                listed group
                string place.Candidate
                if place.Rung > 0 then $"{run.Recipe.Epochs}" else ""
                listed place.Draws
                percent (Searches.validation result)
                if place.Candidate = best.Candidate && place.Rung = top then
                    "best"
                else
                    ""
            ]))

let private searches rows =
    print
        [
            words "search"
            numbers "candidate"
            numbers "epochs"
            words "draws"
            numbers "validation"
            words ""
        ]
        rows

/// Prints a table of each kind that the finished runs have something for.
let print (finished: (Run * RunResult * EpochTime[]) list) =
    let show table rows =
        if not (List.isEmpty rows) then
            printfn ""
            table rows

    finished |> List.collect stageRows |> show stages
    finished |> List.collect ensembleRows |> show ensembles
    finished |> searchRows |> show searches
