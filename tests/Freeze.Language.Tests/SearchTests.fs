module Freeze.Language.Tests.SearchTests

open Freeze
open Freeze.Language
open Freeze.Language.Tests.Files
open Xunit

let private runs text = (analyse text).Runs

let private rates (runs: Run[]) =
    runs
    |> Array.map (fun run ->
        match run.Recipe.Optimizer with
        | Optimizer.Sgd(lr, momentum, _, _) -> lr, momentum
        | other -> failwith $"{other}")
    |> List.ofArray

let private settings = "data mnist-sample; validate 100; epochs 2; optimizer sgd\n"

[<Fact>]
let ``a grid is every combination of the values of choices`` () =
    let found =
        runs (
            settings
            + "search grid\nlr ~ 0.1 * choice(1, 0.1)\nmomentum ~ choice(0.9, 0.5, 0)"
        )

    Assert.Equal<(float * float) list>(
        [ (0.1, 0.9); (0.1, 0.5); (0.1, 0.0); (0.01, 0.9); (0.01, 0.5); (0.01, 0.0) ],
        rates found
    )

    Assert.Equal<int list>(
        [ 0..5 ],
        found |> Seq.choose Searches.tryPlace |> Seq.map _.Candidate |> List.ofSeq
    )

[<Fact>]
let ``a grid per stage gives each stage every combination`` () =
    let text =
        "data cifar10; validate 100; net cnn6; learn stage by stage; optimizer sgd\n\
search grid per stage\nlr ~ choice(0.1, 0.01); decay ~ choice(0, 1e-4)"

    match (runs text |> Array.exactlyOne).Recipe.Learning with
    | Learning.StageByStage(candidates, _) ->
        for stage in candidates do
            Assert.Equal<(float * float) list>(
                [ (0.1, 0.0); (0.1, 1e-4); (0.01, 0.0); (0.01, 1e-4) ],
                [ for tried in stage -> Optimizer.learningRate tried, Optimizer.decay tried ]
            )
    | other -> failwith $"{other}"

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

[<Fact>]
let ``halving begins with the start and as many draws as a search at random has first`` () =
    let found = runs halving
    Assert.Equal(18, found.Length)

    let random = runs (halving.Replace("halving 9", "random 8"))
    Assert.Equal<(float * float) list>(rates random, rates found)
    Assert.All(found, fun run -> Assert.Equal(2, run.Recipe.Epochs))

[<Fact>]
let ``the best third of each search go on with three times the epochs until one is left`` () =
    // Accuracies that rise with the candidate, but that candidate 5 of seed 1 has failed.
    let judged (run: Run) =
        match seedAndCandidate run with
        | 1L, 5 -> run, None
        | _, candidate -> run, Some(result (0.1 * float candidate))

    let first = runs halving |> List.ofArray |> List.map judged
    let second = Searches.nextRung first

    Assert.Equal<(int64 * int) list>(
        [ (1L, 8); (1L, 7); (1L, 6); (2L, 8); (2L, 7); (2L, 6) ],
        second |> List.map seedAndCandidate
    )

    Assert.All(second, fun run -> Assert.Equal(6, run.Recipe.Epochs))
    Assert.EndsWith(", rung 2", second[0].Name)
    let third = Searches.nextRung (first @ List.map judged second)
    Assert.Equal<(int64 * int) list>([ (1L, 8); (2L, 8) ], third |> List.map seedAndCandidate)
    Assert.All(third, fun run -> Assert.Equal(18, run.Recipe.Epochs))
    Assert.EndsWith(", rung 3", third[0].Name)
    Assert.DoesNotContain("rung 2", third[0].Name)
    Assert.Empty(Searches.nextRung (first @ List.map judged (second @ third)))

[<Fact>]
let ``of equal candidates the first goes on, and where all failed nothing does`` () =
    let all = runs halving |> List.ofArray

    Assert.Equal<int list>(
        [ 0; 1; 2; 0; 1; 2 ],
        all
        |> List.map (fun run -> run, Some(result 0.5))
        |> Searches.nextRung
        |> List.map (seedAndCandidate >> snd)
    )

    Assert.Empty(all |> List.map (fun run -> run, None) |> Searches.nextRung)

[<Fact>]
let ``a candidate's place is a field of its run, and its columns are axes, candidate, rung and draws`` () =
    let run = (runs halving)[10]

    match run.Place with
    | Place.InSearch place ->
        Assert.Equal(("test", 1, 1), (place.Search, place.Candidate, place.Rung))
        Assert.Equal<string list>([ "lr" ], [ for axis in place.Draws -> axis.Name ])
    | Place.Alone -> failwith "it is of a search"

    Assert.Equal<string list>([ "seed" ], [ for axis in run.Axes -> axis.Name ])
    Assert.Equal<string list>([ "seed"; "candidate"; "rung"; "lr" ], [ for axis in run.Columns -> axis.Name ])
    Assert.Equal<Run[]>([| run |], PlanFile.ofText (PlanFile.ofRun run))

[<Fact>]
let ``searches of two files go on side by side`` () =
    let inFile path =
        (Compile.analyse alone { source halving with Path = path }).Runs
        |> Array.map (fun run -> run, Some(result 0.5))
        |> List.ofArray

    // Nine candidates of either search and seed: were they one search, six of eighteen would go on.
    let next = Searches.nextRung (inFile "one.frz" @ inFile "other.frz")
    Assert.Equal(12, next.Length)

    Assert.Equal<string list>(
        [ "one"; "other" ],
        next |> List.choose Searches.tryPlace |> List.map _.Search |> List.distinct
    )

[<Fact>]
let ``a run of no search has no place in one`` () =
    Assert.Equal(None, runs settings |> Array.exactlyOne |> Searches.tryPlace)
    Assert.Empty(Searches.nextRung [ Array.exactlyOne (runs settings), None ])
