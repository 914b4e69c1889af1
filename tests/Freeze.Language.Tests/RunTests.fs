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
    | Ok source ->
        source,
        Compile.analyse
            { Compile.defaults with
                Profile = profile
            }
            source
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
    // Without a search each stage has one candidate.
    Assert.Equal(((51, 36), (51, 36)), shared "griswold-replay-a.frz")
    Assert.Equal(((51, 36), (51, 36)), shared "griswold-replay-b.frz")

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

/// Of each stage the rate, momentum and decay of each candidate.
let private ratesOf (run: Freeze.Run) =
    match run.Recipe.Learning with
    | Learning.StageByStage(candidates, _) ->
        [
            for tried in candidates ->
                [
                    for optimizer in tried do
                        match optimizer with
                        | Optimizer.Sgd(lr, momentum, decay, _) -> lr, momentum, decay
                        | other -> failwith $"{other}"
                ]
        ]
    | other -> failwith $"{other}"

[<Fact>]
let ``a stage's own rate, momentum and decay go before those of the run`` () =
    let rates = runs >> Array.exactlyOne >> ratesOf

    Assert.Equal<(float * float * float) list list>(
        [ [ 0.02, 0.9, 0.5 ]; [ 0.01, 0.0, 0.25 ] ],
        rates (
            twoStages
            + "optimizer sgd(lr 0.01, momentum 0.9); decay 0.25\nstage 1 { lr 0.02; decay 0.5 }; stage 2 { momentum 0 }"
        )
    )

    // In a profile and a case each by itself: what is not said stays.
    let text =
        twoStages
        + "stage 1 { lr 0.02; decay 0.5 }\ncase a { stage 1 { lr 0.04 } }\nprofile p { stage 1 { decay 1 } }"

    let run =
        (Compile.analyse { alone with Profile = "p" } (source text)).Runs
        |> Array.exactlyOne

    Assert.Equal<(float * float * float) list>([ 0.04, 0.9, 1.0 ], (ratesOf run).Head)

[<Fact>]
let ``saying for a stage what holds anyway leaves its address`` () =
    let address text =
        (runs (twoStages + text) |> Array.exactlyOne).Recipe |> Address.ofRecipe

    Assert.Equal(address "lr 0.02; decay 0", address "lr 0.02; decay 0; stage 2 { lr 0.02; decay 0 }")
    Assert.NotEqual<string>(address "lr 0.02", address "lr 0.02; stage 2 { lr 0.03 }")

[<Fact>]
let ``a search draws what a stage leaves open`` () =
    let rates text =
        runs (
            twoStages
            + "search random 3 per stage; lr ~ 0.1 * 10^normal(0, 1); decay ~ 10^normal(0, 1)\n"
            + text
        )
        |> Array.exactlyOne
        |> ratesOf

    let drawn = rates ""
    let own = rates "stage 1 { lr 0.5 }; stage 2 { lr 0.5; decay 2 }"
    let decay (_, _, decay) = decay
    Assert.Equal<float list>(List.map decay drawn[0], List.map decay own[0])
    Assert.All(own[0], fun (lr, _, _) -> Assert.Equal(0.5, lr))
    // Nothing is left to draw: one candidate.
    Assert.Equal<(float * float * float) list>([ 0.5, 0.9, 2.0 ], own[1])

    // What is drawn may stand in a stage alone, times something.
    let scaled =
        runs (
            twoStages
            + "search random 3 per stage; base ~ 0.1 * 10^normal(0, 1)\nlr base; stage 1 { lr 2 * base }"
        )
        |> Array.exactlyOne
        |> ratesOf

    Assert.Equal(4, scaled[0].Length)
    Assert.Equal<float list>([ 0.2; 0.1 ], [ for tried in scaled -> tried.Head |> fun (lr, _, _) -> lr ])

[<Fact>]
let ``a list in a stage means as many runs`` () =
    let found = runs (twoStages + "stage 2 { lr [0.01, 0.1] }")
    Assert.Equal<string list>([ "lr of stage 2" ], [ for axis in found[0].Axes -> axis.Name ])

    Assert.Equal<float list>(
        [ 0.01; 0.1 ],
        [
            for run in found -> ratesOf run |> fun rates -> rates[1].Head |> fun (lr, _, _) -> lr
        ]
    )

[<Fact>]
let ``the temporary classifier behind a reconstruction learns at its stage's rate`` () =
    let recipe =
        (runs (
            twoStages
            + "lr 0.1; stage 1 { learn reconstruct; lr 0.02 }; stage 2 { learn reconstruct }"
         )
         |> Array.exactlyOne)
            .Recipe

    let rate stage =
        Optimizer.learningRate (Stages.classifier recipe stage).Optimizer

    Assert.Equal((0.02, 0.1), (rate 1, rate 2))

[<Fact>]
let ``the replays have the rates and decays that the source prints`` () =
    let chosen name =
        (snd (analyseExample "small" name)).Runs
        |> Array.map (fun run ->
            run.NetName,
            [
                for tried in ratesOf run -> tried |> List.exactlyOne |> fun (lr, _, decay) -> lr, decay
            ])
        |> Map.ofArray

    let a, b = chosen "griswold-replay-a.frz", chosen "griswold-replay-b.frz"
    Assert.Equal((8, 8), (a.Count, b.Count))

    Assert.Equal<(float * float) list>(
        [ 0.000069, 0.282346; 0.000957, 0.023609; 0.009278, 0.001889 ],
        a["cnn8"]
    )

    Assert.Equal<(float * float) list>(
        [ 0.000761, 0.078767; 0.017744, 0.004098; 0.000021, 8.292548 ],
        b["cnn7"]
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
