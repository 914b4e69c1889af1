module Freeze.Language.Tests.RunTests

open System.IO
open Expecto
open Freeze
open Freeze.Language
open Freeze.Language.Tests.Files
open Freeze.Tests.Expectations

let private names text = runs text |> Array.map _.Name

/// What the source did, and a warning tells: fractions of DenseNet's 12 filters that come to none, and layers that a gradient
/// never reaches, since few inputs are read and the others are zero. One example shows a net that zeros cut off.
let private warned =
    Map
        [
            "rosenfeld-fig1.frz", [ "FRZ102"; "FRZ118" ]
            "rosenfeld-fig2.frz", [ "FRZ118" ]
            "rosenfeld-fig3.frz", [ "FRZ102"; "FRZ118" ]
            "rosenfeld-fig4.frz", [ "FRZ102"; "FRZ118" ]
            "rosenfeld-fig5.frz", [ "FRZ102"; "FRZ118" ]
            "rosenfeld-full-cifar100.frz", [ "FRZ102"; "FRZ118" ]
            "zero-or-fixed.frz", [ "FRZ116" ]
        ]

let private examples () =
    Directory.GetFiles(under [ "dsl-examples" ], "*.frz")
    |> Array.map Path.GetFileName
    |> Array.sort

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

let private stagesOf (run: Freeze.Run) =
    match run.Recipe.Learning with
    | Learning.StageByStage(candidates, stages) -> candidates |> Array.map _.Length, stages
    | other -> failwith $"{other}"

let private twoStages =
    "data mnist-sample; validate 100; epochs 3; learn stage by stage; net two\n"
    + "net two { stage 1 { conv 4 3x3; relu }; stage 2 { conv 4 3x3; relu }; classifier: linear classes }\n"

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

[<Tests>]
let tests =
    testList
        "runs"
        [
            test "two statements make a whole file" {
                let run = runs "net lenet; rest: train" |> Array.exactlyOne
                equal "test" run.Name
                equal (DataSource.published "mnist") run.Recipe.Data
                equal (Optimizer.Sgd(0.01, 0.9, 0.0, false)) run.Recipe.Optimizer
                equal (10, 128, 1L) (run.Recipe.Epochs, run.Recipe.Batch, run.Recipe.Seed)
            }

            test "an empty file is the defaults" {
                equal (runs("net lenet").[0].Recipe) (runs("").[0].Recipe)
            }

            test "lists multiply in file order, the last fastest" {
                let expected =
                    [| "seed=1 epochs=2"; "seed=1 epochs=3"; "seed=2 epochs=2"; "seed=2 epochs=3" |]

                equal expected (names "seed 1..2; epochs [2, 3]")
            }

            test "the axis of cases comes after the axes outside and before those inside" {
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

                equal expected (names text)
                let axes = (runs text).[2].Axes |> Array.map _.Name
                equal [| "seed"; "case"; "i" |] axes
            }

            test "a let is one axis however often it is used" {
                equal
                    3
                    (runs
                        "let p = [0.1, 0.4, 0.7]; conv1: train p filters; conv2: train p filters; rest: fixed")
                        .Length
            }

            test "an unused let is no axis, and is reported" {
                equal [ "FRZ103" ] (codes "let p = [1, 2]; epochs 3")
                equal 1 (runs "let p = [1, 2]; epochs 3").Length
            }

            test "an axis that rules count by shows its unit" {
                let text =
                    "data cifar10; net alexnet; rest: fixed; let p = [0.5, 50%, 1.0, 1 filter, 2..3 filters]; conv: train p filters"

                equal [| "p=0.5"; "p=50%"; "p=1.0"; "p=1 filter"; "p=2 filters"; "p=3 filters" |] (names text)

                let slices =
                    [
                        for run in runs text ->
                            match treatment "conv1.weight" run with
                            | Treatment.Slice(_, indices, _) -> indices.Length
                            | Treatment.Trained -> 0
                            | other -> failwith $"{other}"
                    ]

                equal [ 32; 32; 0; 1; 2; 3 ] slices
                // Bare counts too, behind a let of a let and in tuples.
                equal
                    [| "p=1 filter"; "p=2 filters" |]
                    (names "let few = [1, 2]; let p = few; conv1: train p filters; rest: fixed"
                     |> Array.map (fun name -> name.Replace("few", "p")))

                equal
                    [| "n=1 unit"; "n=2 units" |]
                    (names "(n, lr) = [(1, 0.1), (2, 0.2)]; fc1: train n units; rest: fixed")
                // What rules count in two ways, and what they do not count, has none.
                equal
                    [| "p=1"; "p=2" |]
                    (names "let p = [1, 2]; conv1: train p filters; fc1: train p units; rest: fixed")

                equal [| "epochs=1"; "epochs=2" |] (names "epochs [1, 2]")
            }

            test "lists in calls and amounts are axes named after what they fill" {
                let run =
                    (runs "optimizer sgd(lr [0.1, 0.2]); conv1: train [1, 2] filters; rest: fixed").[3]

                equal [ "lr"; "filters" ] (run.Axes |> Array.map _.Name |> List.ofArray)
                equal (Optimizer.Sgd(0.2, 0.9, 0.0, false)) run.Recipe.Optimizer
            }

            test "a case's settings replace those outside, its rules come after them, its rest replaces rest" {
                let run =
                    (runs "epochs 5; conv: fixed; rest: zero; case a { epochs 2; conv1: train; rest: train }")
                        .[0]

                equal 2 run.Recipe.Epochs
                equal Treatment.Trained (treatment "conv1.weight" run)
                equal (Treatment.Still Stillness.Fixed) (treatment "conv2.weight" run)
                equal Treatment.Trained (treatment "fc1.weight" run)
            }

            test "an axis that a case replaces is no axis of that case" {
                equal
                    [| "a epochs=2"; "a epochs=3"; "b" |]
                    (names "epochs [2, 3]; case a { }; case b { epochs 1 }" |> Array.sort)
            }

            test "runs that differ in rules alone have the same net, data, seed and order" {
                let plans = runs "case a { conv1: fixed }; case b { rest: zero }"
                let bare (run: Run) = { run.Recipe with Weights = [||] }
                equal (bare plans[0]) (bare plans[1])
            }

            testTheory
                "every example has no errors, is short and in canonical form, and has runs"
                (examples ())
                (fun name ->
                    let source, analysis = analyseExample "" name
                    let codes = analysis.Diagnostics |> List.map _.Code |> List.distinct
                    equal (warned.TryFind name |> Option.defaultValue []) (List.sort codes)
                    isNotEmpty analysis.Runs
                    between 1 40 (source.Text.Split('\n').Length - 1)
                    startsWith "#" source.Text
                    equal (Ok source.Text) (Format.format source)

                    for profile in analysis.Profiles do
                        let profiled = analyseExample profile name |> snd
                        let codes = profiled.Diagnostics |> List.map _.Code |> List.distinct
                        isEmpty (codes |> List.except [ "FRZ102"; "FRZ118" ])

                        for run in profiled.Runs do
                            equal profile run.Profile

                    let unknown = analyseExample "no-such-profile" name |> snd
                    exists (fun diagnostic -> diagnostic.Code = "FRZ019") unknown.Diagnostics)

            test "nets that begin with the same stages share them" {
                let shared name =
                    let stages = (snd (analyseExample "" name)).Runs |> Array.collect Stages.ofRun
                    let distinct = stages |> Array.distinctBy fst
                    (stages.Length, distinct.Length), (stages |> Array.sumBy snd, distinct |> Array.sumBy snd)

                // For each of three seeds 12 of 17 stages. Ten draws and the start; five and the start.
                equal ((51, 36), (561, 396)) (shared "griswold-run-a.frz")
                equal ((51, 36), (306, 216)) (shared "griswold-run-b.frz")
                // Without a search each stage has one candidate.
                equal ((51, 36), (51, 36)) (shared "griswold-replay-a.frz")
                equal ((51, 36), (51, 36)) (shared "griswold-replay-b.frz")
            }

            test "a stage may learn without labels, or nothing but a classifier in closed form" {
                let text =
                    twoStages
                    + "search random 2 per stage; lr ~ 0.1 * 10^normal(0, 1)\nstage 1 { learn solve }\n"
                    + "case a { stage 1 { learn reconstruct } }\n"
                    + "case b { stage 2 { learn reconstruct then solve ridge 1e-3 } }"

                let analysed = analyse text
                isEmpty analysed.Diagnostics

                equal
                    ([| 3; 3 |], [| StageLearning.Reconstruct; StageLearning.Classify |])
                    (stagesOf analysed.Runs[0])

                // Least squares have no rate to search for.
                equal
                    ([| 1; 3 |], [| StageLearning.Solve 0.0; StageLearning.ReconstructThenSolve 1e-3 |])
                    (stagesOf analysed.Runs[1])
            }

            test "a stage's own rate, momentum and decay go before those of the run" {
                let rates = runs >> Array.exactlyOne >> ratesOf

                equal
                    [ [ 0.02, 0.9, 0.5 ]; [ 0.01, 0.0, 0.25 ] ]
                    (rates (
                        twoStages
                        + "optimizer sgd(lr 0.01, momentum 0.9); decay 0.25\nstage 1 { lr 0.02; decay 0.5 }; stage 2 { momentum 0 }"
                    ))

                // In a profile and a case each by itself: what is not said stays.
                let text =
                    twoStages
                    + "stage 1 { lr 0.02; decay 0.5 }\ncase a { stage 1 { lr 0.04 } }\nprofile p { stage 1 { decay 1 } }"

                let run =
                    (Compile.analyse { alone with Profile = "p" } (source text)).Runs
                    |> Array.exactlyOne

                equal [ 0.04, 0.9, 1.0 ] (ratesOf run).Head
            }

            test "repeating for a stage what holds anyway leaves its address" {
                let address text =
                    (runs (twoStages + text) |> Array.exactlyOne).Recipe |> Address.ofRecipe

                equal (address "lr 0.02; decay 0") (address "lr 0.02; decay 0; stage 2 { lr 0.02; decay 0 }")
                notEqual (address "lr 0.02") (address "lr 0.02; stage 2 { lr 0.03 }")
            }

            test "a search draws what a stage leaves open" {
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
                equal (List.map decay drawn[0]) (List.map decay own[0])

                for (lr, _, _) in own[0] do
                    equal 0.5 lr
                // Nothing is left to draw: one candidate.
                equal [ 0.5, 0.9, 2.0 ] own[1]

                // What is drawn may stand in a stage alone, times something.
                let scaled =
                    runs (
                        twoStages
                        + "search random 3 per stage; base ~ 0.1 * 10^normal(0, 1)\nlr base; stage 1 { lr 2 * base }"
                    )
                    |> Array.exactlyOne
                    |> ratesOf

                equal 4 scaled[0].Length
                equal [ 0.2; 0.1 ] [ for tried in scaled -> tried.Head |> fun (lr, _, _) -> lr ]
            }

            test "a stage may have an optimizer of its own, which has nothing of the run's" {
                let candidates text =
                    match (runs (twoStages + text) |> Array.exactlyOne).Recipe.Learning with
                    | Learning.StageByStage(candidates, _) -> candidates
                    | other -> failwith $"{other}"

                let adam lr decay =
                    Optimizer.Adam(lr, 0.9, 0.999, 1e-8, decay)

                equal
                    [| [| Optimizer.Sgd(0.5, 0.25, 0.125, false) |]; [| adam 1e-3 0.75 |] |]
                    (candidates "lr 0.5; momentum 0.25; decay 0.125; stage 2 { optimizer adam; decay 0.75 }")

                equal
                    [| [| Optimizer.Sgd(0.01, 0.9, 0.0, false) |]; [| adam 0.5 0.0 |] |]
                    (candidates "stage 2 { optimizer adam(lr 0.5) }")

                // An axis as other lists are.
                equal 2 (runs (twoStages + "stage 2 { optimizer [adam, sgd(lr 0.1)] }")).Length
            }

            test "a stage's own draw goes before that of all stages, and needs none beside it" {
                let rates text =
                    runs (twoStages + "search random 3 per stage\n" + text)
                    |> Array.exactlyOne
                    |> ratesOf
                    |> List.map (List.map (fun (lr, _, _) -> lr))

                let all = rates "lr ~ 0.1 * 10^normal(0, 1)"

                let own =
                    rates "lr ~ 0.1 * 10^normal(0, 1); stage 2 { lr ~ choice(1, 2, 3, 4, 5, 6) }"

                equal all[0] own[0]
                isTrue (own[1] |> List.forall (fun rate -> rate >= 1.0))
                // Stage 1 has nothing to draw: one candidate.
                equal [ 1; 4 ] (rates "stage 2 { lr ~ 0.1 * 10^normal(0, 1) }" |> List.map List.length)

                let grid =
                    runs (
                        twoStages
                        + "search grid per stage\nlr ~ choice(1, 2); stage 2 { lr ~ choice(3, 4, 5) }"
                    )
                    |> Array.exactlyOne
                    |> ratesOf

                equal [ [ 1.0; 2.0 ]; [ 3.0; 4.0; 5.0 ] ] (grid |> List.map (List.map (fun (lr, _, _) -> lr)))
            }

            test "halving per stage is part of the address, and of nothing else's" {
                let recipe text =
                    (runs (twoStages + "lr ~ 0.1 * 10^normal(0, 1)\n" + text) |> Array.exactlyOne).Recipe

                let halving, random =
                    recipe "search halving 9 per stage", recipe "search random 8 per stage"

                equal { random with Halving = true } halving
                isTrue halving.Halving
                notEqual (Address.ofRecipe random) (Address.ofRecipe halving)
                contains "\"halving\":true" (Json.toText halving)
                isFalse ((Json.toText random).Contains "halving")
                // Nine for an epoch, three for two more, one for six more.
                let steps (recipe: Recipe) =
                    (Workloads.stages recipe).[0].Work.Trained / 3L

                equal (steps random / 9L * (9L + 3L * 2L + 6L)) (steps halving)
            }

            test "stages that are but marked are of those who learn by them alone" {
                let text = "data cifar10; net wrn-10-1; "
                let together = (runs text).[0].Recipe
                let staged = (runs (text + "learn stage by stage")).[0].Recipe
                isEmpty together.Net.Stages
                equal 3 staged.Net.Stages.Length
                equal together.Net.Nodes staged.Net.Nodes

                // Rules know them all the same.
                let trained =
                    (runs (text + "stage 2: train; rest: fixed")).[0].Recipe.Weights
                    |> Array.filter (fun plan -> plan.Treatment = Treatment.Trained)
                    |> Array.map (fun plan -> plan.Weight.Layer.Split('.')[0])
                    |> Array.distinct

                equal [| "block2" |] trained

                let ends net =
                    [
                        for stage in
                            (runs $"data cifar10; learn stage by stage; net {net}").[0].Recipe.Net.Stages ->
                            stage.Name
                    ]

                equal [ "stage1"; "stage2"; "stage3" ] (ends "densenet-22-12")
                equal 5 (ends "vgg-19").Length
                equal 5 (ends "vgg-19-bn").Length
            }

            test "a list in a stage makes a run of each value" {
                let found = runs (twoStages + "stage 2 { lr [0.01, 0.1] }")
                equal [ "lr of stage 2" ] [ for axis in found[0].Axes -> axis.Name ]

                equal
                    [ 0.01; 0.1 ]
                    [
                        for run in found -> ratesOf run |> fun rates -> rates[1].Head |> fun (lr, _, _) -> lr
                    ]
            }

            test "the temporary classifier behind a reconstruction learns at its stage's rate" {
                let recipe =
                    (runs (
                        twoStages
                        + "lr 0.1; stage 1 { learn reconstruct; lr 0.02 }; stage 2 { learn reconstruct }"
                     )
                     |> Array.exactlyOne)
                        .Recipe

                let rate stage =
                    Optimizer.learningRate (Stages.classifier recipe stage).Optimizer

                equal (0.02, 0.1) (rate 1, rate 2)
            }

            test "the replays have the rates and decays that the source prints" {
                let chosen name =
                    (snd (analyseExample "small" name)).Runs
                    |> Array.map (fun run ->
                        run.NetName,
                        [
                            for tried in ratesOf run ->
                                tried |> List.exactlyOne |> fun (lr, _, decay) -> lr, decay
                        ])
                    |> Map.ofArray

                let a, b = chosen "griswold-replay-a.frz", chosen "griswold-replay-b.frz"
                equal (8, 8) (a.Count, b.Count)

                equal [ 0.000069, 0.282346; 0.000957, 0.023609; 0.009278, 0.001889 ] a["cnn8"]

                equal [ 0.000761, 0.078767; 0.017744, 0.004098; 0.000021, 8.292548 ] b["cnn7"]
            }

            test "a stage that is solved takes its weights and the classifier from rest" {
                let treatments (rules: string) =
                    (analyse (twoStages + rules)).Runs[0].Recipe.Weights
                    |> Array.filter (fun plan -> not plan.Weight.IsBias)
                    |> Array.map _.Treatment
                    |> List.ofArray

                let fix = Treatment.Still Stillness.Fixed

                equal [ fix; Treatment.Trained; Treatment.Trained ] (treatments "stage 1 { learn solve }")

                equal
                    [ fix; fix; Treatment.Solved 1e-3 ]
                    (treatments "stage 1 { learn solve }; stage 2 { learn solve ridge 1e-3 }; rest: train")

                equal
                    [ Treatment.Trained; Treatment.Trained; Treatment.Solved 0.5 ]
                    (treatments "stage 2 { learn reconstruct then solve ridge 0.5 }")
            }

            test "more than 10,000 runs are an error at the longest list, at once" {
                let text = "seed 1..1000000000000; epochs 1..10"
                let diagnostic = (analyse text).Diagnostics |> List.exactlyOne
                equal "FRZ025" diagnostic.Code
                contains "10000000000000 runs" diagnostic.Message

                equal
                    "1..1000000000000"
                    (text.Substring(diagnostic.Span.Start, diagnostic.Span.End - diagnostic.Span.Start))
            }
        ]
