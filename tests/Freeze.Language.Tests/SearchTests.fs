module Freeze.Language.Tests.SearchTests

open Expecto
open Freeze
open Freeze.Language
open Freeze.Language.Tests.Files
open Freeze.Tests.Expectations

let private runs text = (analyse text).Runs

let private rates (runs: Run[]) =
    runs
    |> Array.map (fun run ->
        match run.Recipe.Optimizer with
        | Optimizer.Sgd(lr, momentum, _, _) -> lr, momentum
        | other -> failwith $"{other}")
    |> List.ofArray

let private settings = "data mnist-sample; validate 100; epochs 2; optimizer sgd\n"

let private halving =
    settings
    + "seed [1, 2]\nsearch halving 9 by validation accuracy\nlr ~ 0.01 * 10^normal(0, 1)"

/// A result that has nothing but an accuracy.
let private result accuracy : RunResult =
    {
        Hash = ""
        Name = ""
        Epochs =
            [|
                {
                    Epoch = 1
                    TrainingLoss = 0.0
                    TrainingAccuracy = 0.0
                    ValidationLoss = 0.0
                    ValidationAccuracy = accuracy
                }
            |]
        TestLoss = 0.0
        TestAccuracy = 0.0
        BestValidationAccuracy = 0.0
        Best = BestRecord.NotKept
        Learning = LearningRecord.Together
        Counts = Counts.ofWeights []
        StillVerified = 0L
        Threads = 1
        Versions = ""
    }

let private seedAndCandidate (run: Run) =
    run.Recipe.Seed, (Searches.tryPlace run |> Option.get).Candidate

[<Tests>]
let tests =
    testList
        "searches"
        [
            test "a grid is every combination of the values of choices" {
                let found =
                    runs (
                        settings
                        + "search grid\nlr ~ 0.1 * choice(1, 0.1)\nmomentum ~ choice(0.9, 0.5, 0)"
                    )

                equal
                    [ (0.1, 0.9); (0.1, 0.5); (0.1, 0.0); (0.01, 0.9); (0.01, 0.5); (0.01, 0.0) ]
                    (rates found)

                equal [ 0..5 ] (found |> Seq.choose Searches.tryPlace |> Seq.map _.Candidate |> List.ofSeq)
            }

            test "a grid per stage gives each stage every combination" {
                let text =
                    "data cifar10; validate 100; net cnn6; learn stage by stage; optimizer sgd\n"
                    + "search grid per stage\nlr ~ choice(0.1, 0.01); decay ~ choice(0, 1e-4)"

                match (runs text |> Array.exactlyOne).Recipe.Learning with
                | Learning.StageByStage(candidates, _) ->
                    for stage in candidates do
                        equal
                            [ (0.1, 0.0); (0.1, 1e-4); (0.01, 0.0); (0.01, 1e-4) ]
                            [ for tried in stage -> Optimizer.learningRate tried, Optimizer.decay tried ]
                | other -> failwith $"{other}"
            }

            test "halving begins with the start and as many draws as a search at random has first" {
                let found = runs halving
                equal 18 found.Length

                let random = runs (halving.Replace("halving 9", "random 8"))
                equal (rates random) (rates found)

                for run in found do
                    equal 2 run.Recipe.Epochs
            }

            test "the best third of each search go on with three times the epochs until one is left" {
                // Accuracies that rise with the candidate, but that candidate 5 of seed 1 has failed.
                let judged (run: Run) =
                    match seedAndCandidate run with
                    | 1L, 5 -> run, None
                    | _, candidate -> run, Some(result (0.1 * float candidate))

                let first = runs halving |> List.ofArray |> List.map judged
                let second = Searches.nextRung first

                equal
                    [ (1L, 8); (1L, 7); (1L, 6); (2L, 8); (2L, 7); (2L, 6) ]
                    (second |> List.map seedAndCandidate)

                for run in second do
                    equal 6 run.Recipe.Epochs

                endsWith ", rung 2" second[0].Name
                let third = Searches.nextRung (first @ List.map judged second)
                equal [ (1L, 8); (2L, 8) ] (third |> List.map seedAndCandidate)

                for run in third do
                    equal 18 run.Recipe.Epochs

                endsWith ", rung 3" third[0].Name
                lacks "rung 2" third[0].Name
                isEmpty (Searches.nextRung (first @ List.map judged (second @ third)))
            }

            test "of equal candidates the first goes on, and where all failed nothing does" {
                let all = runs halving |> List.ofArray

                equal
                    [ 0; 1; 2; 0; 1; 2 ]
                    (all
                     |> List.map (fun run -> run, Some(result 0.5))
                     |> Searches.nextRung
                     |> List.map (seedAndCandidate >> snd))

                isEmpty (all |> List.map (fun run -> run, None) |> Searches.nextRung)
            }

            test
                "a candidate's place is a field of its run, and its columns are axes, candidate, rung and draws" {
                let run = (runs halving)[10]

                match run.Place with
                | Place.InSearch place ->
                    equal ("test", 1, 1) (place.Search, place.Candidate, place.Rung)
                    equal [ "lr" ] [ for axis in place.Draws -> axis.Name ]
                | Place.Alone -> failwith "it is of a search"

                equal [ "seed" ] [ for axis in run.Axes -> axis.Name ]
                equal [ "seed"; "candidate"; "rung"; "lr" ] [ for axis in run.Columns -> axis.Name ]
                equal [| run |] (PlanFile.ofText (PlanFile.ofRun run))
            }

            test "searches of two files go on side by side" {
                let inFile path =
                    (Compile.analyse alone { source halving with Path = path }).Runs
                    |> Array.map (fun run -> run, Some(result 0.5))
                    |> List.ofArray

                // Nine candidates of either search and seed: were they one search, six of eighteen would go on.
                let next = Searches.nextRung (inFile "one.frz" @ inFile "other.frz")
                equal 12 next.Length

                equal
                    [ "one"; "other" ]
                    (next |> List.choose Searches.tryPlace |> List.map _.Search |> List.distinct)
            }

            test "a run of no search has no place in one" {
                equal None (runs settings |> Array.exactlyOne |> Searches.tryPlace)
                isEmpty (Searches.nextRung [ Array.exactlyOne (runs settings), None ])
            }
        ]
