module Freeze.Language.Tests.RunTests

open System.IO
open Freeze
open Freeze.Language
open Freeze.Language.Tests.Files
open Xunit

let private names text = runs text |> Array.map _.Name

[<Fact>]
let ``a file of two statements is whole`` () =
    let run = runs "net lenet; rest: train" |> Array.exactlyOne
    Assert.Equal("test", run.Name)
    Assert.Equal(DataSource.published "mnist", run.Recipe.Data)
    Assert.Equal(Optimizer.Sgd(0.01, 0.9, 0.0, false), run.Recipe.Optimizer)
    Assert.Equal((10, 128, 1L), (run.Recipe.Epochs, run.Recipe.Batch, run.Recipe.Seed))

[<Fact>]
let ``an empty file is the defaults`` () =
    Assert.Equal(runs("net lenet").[0].Recipe, runs("").[0].Recipe)

[<Fact>]
let ``lists multiply in file order, the last fastest`` () =
    let expected =
        [| "seed=1 epochs=2"; "seed=1 epochs=3"; "seed=2 epochs=2"; "seed=2 epochs=3" |]

    Assert.Equal<string[]>(expected, names "seed 1..2; epochs [2, 3]")

[<Fact>]
let ``cases stand between the axes outside and their own`` () =
    let text = "seed [1, 2]; case a { }; case b { let i = 1..2; layer i: fixed }"

    let expected =
        [|
            "a seed=1"
            "b seed=1 i=1"
            "b seed=1 i=2"
            "a seed=2"
            "b seed=2 i=1"
            "b seed=2 i=2"
        |]

    Assert.Equal<string[]>(expected, names text)
    let axes = (runs text).[2].Axes |> Array.map _.Name
    Assert.Equal<string[]>([| "seed"; "case"; "i" |], axes)

[<Fact>]
let ``a let is one axis however often it is used`` () =
    Assert.Equal(
        3,
        (runs "let p = [0.1, 0.4, 0.7]; conv1: train p filters; conv2: train p filters; rest: fixed").Length
    )

[<Fact>]
let ``an unused let is no axis, and is said to be unused`` () =
    Assert.Equal<string list>([ "FRZ103" ], codes "let p = [1, 2]; epochs 3")
    Assert.Equal(1, (runs "let p = [1, 2]; epochs 3").Length)

[<Fact>]
let ``lists in calls and amounts are axes named after what they fill`` () =
    let run =
        (runs "optimizer sgd(lr [0.1, 0.2]); conv1: train [1, 2] filters; rest: fixed").[3]

    Assert.Equal<string list>([ "lr"; "filters" ], run.Axes |> Array.map _.Name |> List.ofArray)
    Assert.Equal(Optimizer.Sgd(0.2, 0.9, 0.0, false), run.Recipe.Optimizer)

[<Fact>]
let ``a case's settings replace, its rules come later, its rest replaces rest`` () =
    let run =
        (runs "epochs 5; conv: fixed; rest: zero; case a { epochs 2; conv1: train; rest: train }").[0]

    Assert.Equal(2, run.Recipe.Epochs)
    Assert.Equal(Treatment.Trained, treatment "conv1.weight" run)
    Assert.Equal(Treatment.Still Stillness.Fixed, treatment "conv2.weight" run)
    Assert.Equal(Treatment.Trained, treatment "fc1.weight" run)

[<Fact>]
let ``an axis that a case replaces is no axis of that case`` () =
    Assert.Equal<string[]>(
        [| "a epochs=2"; "a epochs=3"; "b" |],
        names "epochs [2, 3]; case a { }; case b { epochs 1 }" |> Array.sort
    )

[<Fact>]
let ``runs that differ in rules alone have the same net, data, seed and order`` () =
    let plans = runs "case a { conv1: fixed }; case b { rest: zero }"
    let bare (run: Run) = { run.Recipe with Weights = [||] }
    Assert.Equal(bare plans[0], bare plans[1])

/// Shares of DenseNet's 12 filters that come to none, as in the source: a warning says so.
let private warned =
    [
        "rosenfeld-fig1.frz"
        "rosenfeld-fig3.frz"
        "rosenfeld-fig4.frz"
        "rosenfeld-fig5.frz"
        "rosenfeld-full-cifar100.frz"
    ]

let private examples =
    Directory.GetFiles(under [ "dsl-examples" ], "*.frz") |> Array.sort

let examplePaths () =
    examples |> Seq.map (fun path -> TheoryDataRow<string>(Path.GetFileName path))

let private analyseExample profile name =
    match Source.read (under [ "dsl-examples"; name ]) with
    | Ok source -> source, Compile.analyse { Compile.usual with Profile = profile } source
    | Error reason -> failwith reason

[<Theory>]
[<MemberData(nameof examplePaths)>]
let ``every example is fine, short, in canonical form and means runs`` (name: string) =
    let source, analysis = analyseExample "" name
    let codes = analysis.Diagnostics |> List.map _.Code |> List.distinct
    Assert.Equal<string list>((if List.contains name warned then [ "FRZ102" ] else []), codes)
    Assert.NotEmpty analysis.Runs
    Assert.InRange(source.Text.Split('\n').Length - 1, 1, 40)
    Assert.StartsWith("#", source.Text)
    Assert.Equal(Ok source.Text, Format.format source)

    for profile in analysis.Profiles do
        let profiled = analyseExample profile name |> snd
        let codes = profiled.Diagnostics |> List.map _.Code |> List.distinct
        Assert.Empty(codes |> List.except [ "FRZ102" ])
        Assert.All(profiled.Runs, fun run -> Assert.Equal(profile, run.Profile))

    let unknown = analyseExample "no-such-profile" name |> snd
    Assert.Contains(unknown.Diagnostics, fun diagnostic -> diagnostic.Code = "FRZ019")

[<Fact>]
let ``learning stage by stage shares what is alike between nets`` () =
    let shared name =
        let stages = (snd (analyseExample "" name)).Runs |> Array.collect Stages.ofRun
        let distinct = stages |> Array.distinctBy fst
        (stages.Length, distinct.Length), (stages |> Array.sumBy snd, distinct |> Array.sumBy snd)

    // For each of three seeds 12 of 17 stages. Ten draws and the start; five and the start.
    Assert.Equal(((51, 36), (561, 396)), shared "griswold-run-a.frz")
    Assert.Equal(((51, 36), (306, 216)), shared "griswold-run-b.frz")

let private stagesOf (run: Freeze.Run) =
    match run.Recipe.Learning with
    | Learning.StageByStage(candidates, stages) -> candidates |> Array.map _.Length, stages
    | other -> failwith $"{other}"

let private twoStages =
    "data mnist-sample; validate 100; epochs 3; learn stage by stage; net two\n"
    + "net two { stage 1 { conv 4 3x3; relu }; stage 2 { conv 4 3x3; relu }; classifier: linear classes }\n"

[<Fact>]
let ``a stage may learn without labels, or nothing but a classifier in closed form`` () =
    let text =
        twoStages
        + "search random 2 per stage; lr ~ 0.1 * 10^normal(0, 1)\nstage 1 { learn solve }\n"
        + "case a { stage 1 { learn reconstruct } }\n"
        + "case b { stage 2 { learn reconstruct then solve ridge 1e-3 } }"

    let analysed = analyse text
    Assert.Empty analysed.Diagnostics

    Assert.Equal(
        ([| 3; 3 |], [| StageLearning.Reconstruct; StageLearning.Classify |]),
        stagesOf analysed.Runs[0]
    )

    // Least squares have no rate to search for.
    Assert.Equal(
        ([| 1; 3 |], [| StageLearning.Solve 0.0; StageLearning.ReconstructThenSolve 1e-3 |]),
        stagesOf analysed.Runs[1]
    )

[<Fact>]
let ``a stage that is solved for claims its weights and the classifier from rest`` () =
    let treatments (rules: string) =
        (analyse (twoStages + rules)).Runs[0].Recipe.Weights
        |> Array.filter (fun plan -> not plan.Weight.IsBias)
        |> Array.map _.Treatment
        |> List.ofArray

    let fix = Treatment.Still Stillness.Fixed

    Assert.Equal<Treatment list>(
        [ fix; Treatment.Trained; Treatment.Trained ],
        treatments "stage 1 { learn solve }"
    )

    Assert.Equal<Treatment list>(
        [ fix; fix; Treatment.Solved 1e-3 ],
        treatments "stage 1 { learn solve }; stage 2 { learn solve ridge 1e-3 }; rest: train"
    )

    Assert.Equal<Treatment list>(
        [ Treatment.Trained; Treatment.Trained; Treatment.Solved 0.5 ],
        treatments "stage 2 { learn reconstruct then solve ridge 0.5 }"
    )

[<Fact>]
let ``more than 10,000 runs are an error at the longest list, in no time`` () =
    let text = "seed 1..1000000000000; epochs 1..10"
    let diagnostic = (analyse text).Diagnostics |> List.exactlyOne
    Assert.Equal("FRZ025", diagnostic.Code)
    Assert.Contains("10000000000000 runs", diagnostic.Message)

    Assert.Equal(
        "1..1000000000000",
        text.Substring(diagnostic.Span.Start, diagnostic.Span.End - diagnostic.Span.Start)
    )
