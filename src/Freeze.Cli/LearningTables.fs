/// Tables for ways of training and searches: stages with the chosen candidates, members of ensembles, and the candidates of a
/// search with the best one marked.
module Freeze.Cli.LearningTables

open System.Globalization
open Freeze
open Freeze.Cli.Tables
open Freeze.Cli.Terminal

let private figure (value: float) =
    value.ToString("G4", CultureInfo.InvariantCulture)

let private seconds (times: EpochTime seq) =
    (times |> Seq.sumBy _.Seconds).ToString("F1", CultureInfo.InvariantCulture)

/// The stages of a finished run, with the chosen candidate and the training times of each.
let private stagesOf (run: Run, result: RunResult, times: EpochTime[]) =
    match result.Learning with
    | LearningRecord.StageByStage stages ->
        let best = stages |> Array.map (fun stage -> stage.Candidates[stage.Best])
        let starts = best |> Array.scan (fun start kept -> start + kept.Epochs.Length) 0

        [
            for i in 0 .. stages.Length - 1 ->
                {|
                    Run = run
                    Record = stages[i]
                    Best = best[i]
                    Times = Array.truncate starts[i + 1] times |> Array.skip (min times.Length starts[i])
                |}
        ]
    | LearningRecord.Together
    | LearningRecord.Ensemble _ -> []

let private reconstructionError (candidate: CandidateRecord) =
    match Array.tryLast candidate.Reconstruction with
    | Some epoch -> figure epoch.ValidationError
    | None -> ""

let private ensembleOf (run: Run, result: RunResult, _: EpochTime[]) =
    match result.Learning with
    | LearningRecord.Ensemble ensemble -> Some(run, ensemble)
    | LearningRecord.Together
    | LearningRecord.StageByStage _ -> None

let private axis (axis: Axis) =
    match axis.Value with
    | AxisValue.Number value -> $"{axis.Name} {figure value}"
    | AxisValue.Word _
    | AxisValue.Amount _
    | AxisValue.Stand _ -> $"{axis.Name} {AxisValue.text axis.Value}"

let private listed (axes: Axis[]) =
    axes |> Array.map axis |> String.concat ", "

/// The candidates of each search (of its last rung, if it halves); on ties, the first is the best.
let private candidatesOf (finished: (Run * RunResult * EpochTime[]) list) =
    finished
    |> List.choose (fun (run, result, _) ->
        Searches.tryPlace run |> Option.map (fun place -> place, run, result))
    |> Searches.group
    |> List.collect (fun ((_, group, _, _), candidates) ->
        let top = candidates |> List.map (fun (place, _, _) -> place.Rung) |> List.max

        let best, _, _ =
            candidates
            |> List.filter (fun (place, _, _) -> place.Rung = top)
            |> List.maxBy (fun (_, _, result) -> Searches.validation result)

        [
            for place, run, result in candidates ->
                {|
                    Group = group
                    Place = place
                    Epochs = if place.Rung > 0 then string run.Recipe.Epochs else ""
                    Validation = Searches.validation result
                    IsBest = place.Candidate = best.Candidate && place.Rung = top
                |}
        ])

let private show columns rows =
    if not (List.isEmpty rows) then
        say ""
        print columns rows

/// Prints each table for which the finished runs have rows.
let print (finished: (Run * RunResult * EpochTime[]) list) =
    finished
    |> List.collect stagesOf
    |> show
        [
            words "run" _.Run.Name
            words "stage" _.Record.Name
            spare
                1
                (numbers "candidate" (fun stage ->
                    $"{stage.Record.Best + 1} of {stage.Record.Candidates.Length}"))
            spare 4 (numbers "lr" (fun stage -> figure (Optimizer.learningRate stage.Best.Optimizer)))
            spare 5 (numbers "decay" (fun stage -> figure (Optimizer.decay stage.Best.Optimizer)))
            spare 3 (numbers "error" (fun stage -> reconstructionError stage.Best))
            spare
                2
                (numbers "training" (fun stage -> percent (Array.last stage.Best.Epochs).TrainingAccuracy))
            numbers "validation" (fun stage -> percent (Array.last stage.Best.Epochs).ValidationAccuracy)
            spare 6 (numbers "s" (fun stage -> seconds stage.Times))
        ]

    finished
    |> List.choose ensembleOf
    |> show
        [
            words "run" (fun (run, _) -> run.Name)
            numbers "members" (fun (_, ensemble) -> string ensemble.Members.Length)
            spare 1 (numbers "mean accuracy" (fun (_, ensemble) -> percent ensemble.MeanAccuracy))
            numbers "ensemble accuracy" (fun (_, ensemble) -> percent ensemble.Accuracy)
            spare 2 (numbers "disagreement" (fun (_, ensemble) -> percent ensemble.Disagreement))
            spare 4 (numbers "learned in all" (fun (_, ensemble) -> count ensemble.LearnedParameters))
            spare 3 (numbers "distinct in all" (fun (_, ensemble) -> count ensemble.DistinctParameters))
        ]

    candidatesOf finished
    |> show
        [
            prose "search" (fun candidate -> listed candidate.Group)
            numbers "candidate" (fun candidate -> string candidate.Place.Candidate)
            spare 1 (numbers "epochs" _.Epochs)
            prose "draws" (fun candidate -> listed candidate.Place.Draws)
            numbers "validation" (fun candidate -> percent candidate.Validation)
            words "" (fun candidate -> if candidate.IsBest then "best" else "")
        ]
