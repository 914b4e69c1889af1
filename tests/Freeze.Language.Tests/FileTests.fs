/// Several texts and several runs: imports, profiles, tuples, searches, published values.
module Freeze.Language.Tests.FileTests

open System.IO
open Expecto
open Freeze
open Freeze.Language
open Freeze.Language.Tests.Files
open Freeze.Tests.Expectations

/// Files that are at hand by their names.
let private among (files: (string * string) list) : Compile.Options =
    let files = Map.ofList files

    { alone with
        Files =
            { alone.Files with
                Read =
                    fun path ->
                        match Map.tryFind path files with
                        | Some text -> Source.ofBytes path (System.Text.Encoding.UTF8.GetBytes text)
                        | None -> Error "there is no such file"
            }
    }

let private analyseAmong files profile text =
    Compile.analyse { among files with Profile = profile } (source text)

let private drawnRates text =
    [
        for run in runs text do
            match run.Recipe.Optimizer with
            | Optimizer.Sgd(lr, _, _, _) -> lr
            | other -> failwith $"{other}"
    ]

/// A file of LeNet's convolutions, as it was planned with.
let private convolutions digest : WeightFile =
    let entry name shape =
        {
            Name = name
            Type = "F32"
            Shape = shape
            Start = 0L
            End = 0L
        }

    {
        Digest = digest
        Tensors =
            [|
                entry "conv1.weight" [| 20L; 1L; 5L; 5L |]
                entry "conv1.bias" [| 20L |]
                entry "conv2.weight" [| 50L; 20L; 5L; 5L |]
                entry "conv2.bias" [| 50L |]
            |]
        NotFinite = Set.empty
        IsPart = false
    }

[<Tests>]
let tests =
    testList
        "files"
        [
            test "an import brings settings, lets, nets and rules; the importing file wins" {
                let common =
                    "epochs 3; batch 64; let p = 0.5; net mine { conv1: conv 4 3x3; linear classes }; conv: train p filters; rest: fixed"

                let analysis =
                    analyseAmong
                        [ "common.frz", common ]
                        ""
                        "import \"common.frz\"; data cifar10; net mine; epochs 5; let p = 0.25"

                isEmpty analysis.Diagnostics
                let run = analysis.Runs[0]
                equal (5, 64) (run.Recipe.Epochs, run.Recipe.Batch)
                equal (Treatment.Slice(0, [| 0 |], Stillness.Fixed)) (treatment "conv1.weight" run)
            }

            test "what an imported file has and the importing one does not need is no mistake" {
                let common =
                    "let few = 0.1; let p = [0.5, 1]; conv: train p filters; rest: fixed\n"
                    + "expect accuracy 90 on 0.5 from \"Table 1\"; report { claim accuracy on 1 > 0.5 }"

                let analysis =
                    analyseAmong
                        [ "common.frz", common ]
                        ""
                        "import \"common.frz\"; data cifar10; net lenet; let p = 0.25"

                isEmpty analysis.Diagnostics
                // By itself it is as ever.
                isNotEmpty (analyseAmong [] "" $"data cifar10; net lenet; {common}").Diagnostics
            }

            test "a path is relative to the file that names it, and a file is read once" {
                let files =
                    [
                        Path.Combine("sub", "a.frz"), "import \"b.frz\"; epochs 3"
                        Path.Combine("sub", "b.frz"), "batch 32"
                    ]

                let analysis = analyseAmong files "" "import \"sub/a.frz\"; import \"sub/b.frz\""

                isEmpty analysis.Diagnostics
                equal 32 analysis.Runs[0].Recipe.Batch
                equal 3 analysis.Sources.Length
            }

            test "a cycle of imports is an error" {
                let files = [ "a.frz", "import \"b.frz\""; "b.frz", "import \"a.frz\"" ]
                let analysis = analyseAmong files "" "import \"a.frz\""
                equal [ "FRZ018" ] (analysis.Diagnostics |> List.map _.Code)
            }

            test "a long chain of imports is an error" {
                let files = [ for i in 1..300 -> $"{i}.frz", $"import \"{i + 1}.frz\"" ]
                let analysis = analyseAmong files "" "import \"1.frz\""
                includes "FRZ018" (analysis.Diagnostics |> List.map _.Code)
            }

            test "a profile overrides settings and lets, in cases too, and only when asked for" {
                let text =
                    "let p = 0.5; epochs 10; case a { epochs 20; conv: train p filters; rest: fixed }; profile quick { epochs 1; let p = 0.25; seed 1..3 }"

                equal 20 (runs text).[0].Recipe.Epochs
                let analysis = analyseAmong [] "quick" text
                isEmpty analysis.Diagnostics
                equal 3 analysis.Runs.Length

                for run in analysis.Runs do
                    equal ("quick", 1) (run.Profile, run.Recipe.Epochs)

                match treatment "conv1.weight" analysis.Runs[0] with
                | Treatment.Slice(_, indices, _) -> equal 5 indices.Length
                | other -> failwith $"{other}"
            }

            test "a word for a net that a profile redefines is shown with its net" {
                let text =
                    "let wide = wrn(16, 4, drop 0.3); let other = cnn6; data cifar10; (net, batch) = [(wide, 32), (other, 64)]\n"
                    + "expect accuracy 91 on wide\nprofile small { let wide = wrn-10-2 }"

                let named profile =
                    [
                        for run in (analyseAmong [] profile text).Runs ->
                            run.Name, AxisValue.text run.Axes[0].Value, run.Expected.Length
                    ]

                equal [ "net=wide", "wide", 1; "net=other", "other", 0 ] (named "")

                equal [ "net=wide (wrn-10-2)", "wide (wrn-10-2)", 1; "net=other", "other", 0 ] (named "small")

                let runs = (analyseAmong [] "small" text).Runs
                equal runs (PlanFile.ofText (PlanFile.ofRuns runs))
                isTrue (Selection.holds [ "wide" ] runs[0])
            }

            test "a tuple moves settings and lets together" {
                let found =
                    runs
                        "(net, epochs, p) = [(lenet, 3, 0.1), (lenet-5, 4, 0.5)]; conv: train p filters; rest: fixed"

                equal [ "lenet", 3; "lenet-5", 4 ] [ for run in found -> run.NetName, run.Recipe.Epochs ]

                equal [ "net=lenet"; "net=lenet-5" ] [ for run in found -> run.Name ]
                equal [ "net"; "epochs"; "p" ] [ for axis in found[0].Axes -> axis.Name ]
            }

            test "the epochs of a schedule are one value, a list of schedules is an axis" {
                let found = runs "schedule [step([3, 6], 0.1x), cosine]"
                equal (Schedule.Step([| 3; 6 |], 0.1)) found[0].Recipe.Schedule
                equal Schedule.Cosine found[1].Recipe.Schedule
            }

            test "lr, momentum and decay complete the optimizer, and are axes and draws" {
                let rates =
                    [
                        for run in runs "optimizer sgd(momentum 0.5); lr [0.1, 0.01]" -> run.Recipe.Optimizer
                    ]

                equal [ Optimizer.Sgd(0.1, 0.5, 0.0, false); Optimizer.Sgd(0.01, 0.5, 0.0, false) ] rates

                includes "FRZ011" (codes "optimizer sgd(lr 0.1); lr 0.2")
                includes "FRZ022" (codes "optimizer adam; momentum 0.2")
            }

            test "a search's first candidate is the start, the others are drawn" {
                let rates =
                    drawnRates "search random 10 by validation accuracy; lr ~ 1e-2 * 10^normal(0, 1)"

                equal 11 rates.Length
                between (0.01 - 5e-13) (0.01 + 5e-13) rates[0]
                equal 11 (List.distinct rates).Length
            }

            test "draws follow seed and name, and no other setting moves them" {
                let search = "search random 5; lr ~ log-uniform(1e-4, 1)"
                let rates = drawnRates search

                for rate in rates do
                    between (1e-4) 1.0 rate

                equal rates (drawnRates (search + "; epochs 3; conv1: fixed"))
                equal rates (drawnRates (search + "; decay ~ uniform(0, 1)"))
                notEqual rates (drawnRates (search + "; seed 2"))
            }

            test "normal, uniform and choice draw from what they say" {
                let values draw =
                    [
                        for run in
                            runs $"search random 2000; let scale = 1; warm ~ {draw}; lr 10 + warm * scale" do
                            match run.Recipe.Optimizer with
                            | Optimizer.Sgd(lr, _, _, _) -> lr - 10.0
                            | other -> failwith $"{other}"
                    ]
                    |> List.tail

                let normal = values "normal(1, 2)"
                // Four standard errors of 2,000 values.
                between (1.0 - 4.0 * 2.0 / sqrt 2000.0) (1.0 + 4.0 * 2.0 / sqrt 2000.0) (List.average normal)
                let variance = normal |> List.averageBy (fun value -> (value - 1.0) ** 2.0)
                between (2.0 * 0.93) (2.0 * 1.07) (sqrt variance)

                let uniform = values "uniform(2, 4)"

                for value in uniform do
                    between 2.0 4.0 value

                between 2.95 3.05 (List.average uniform)

                let chosen =
                    values "choice(1, 2, 5)" |> List.map round |> List.countBy id |> Map.ofList

                equal [ 1.0; 2.0; 5.0 ] (chosen |> Map.keys |> List.ofSeq)

                for count in Map.values chosen do
                    between 570 770 count
            }

            test "a published value belongs to the runs whose axes have its values" {
                let found =
                    runs
                        "data [mnist, mnist-sample]; let p = [0.1, 40%]; case a { conv: train p filters; rest: fixed }\nexpect accuracy 91 on mnist 0.1, 92 on mnist 40%, 93 on mnist-sample a from \"Table 9\""

                equal
                    [
                        "a data=mnist p=0.1", [ 91.0 ]
                        "a data=mnist p=40%", [ 92.0 ]
                        "a data=mnist-sample p=0.1", [ 93.0 ]
                        "a data=mnist-sample p=40%", [ 93.0 ]
                    ]
                    [
                        for run in found -> run.Name, [ for expected in run.Expected -> expected.Value ]
                    ]

                equal "Table 9" (found[0].Expected[0].Source)
            }

            test "a value behind `on` may say what it counts" {
                let found (on: string) =
                    let text =
                        "case filters { let p = [0.5, 1.0, 1 filter, 2 filters]; conv: train p filters; rest: fixed }\n"
                        + $"expect accuracy 91 on {on}"

                    [
                        for run in (analyse text).Runs do
                            if run.Expected.Length > 0 then
                                run.Name
                    ]

                let one, two = "filters p=1 filter", "filters p=2 filters"
                equal [ one ] (found "1 filter")
                equal [ two ] (found "filters 2 filter")
                equal [ "filters p=1.0" ] (found "filters 1.0")
                equal [ "filters p=1.0"; one ] (found "filters 1")
                equal [ two ] (found "filters 2")
                // A case of that name behind a number, as before there were units.
                equal [ "filters p=0.5" ] (found "0.5 filters")
                equal [ two ] (found "2 filters")
                equal [] (found "2 units")
            }

            test "a share behind `on` may say what it counts, and a case of that name is that case" {
                let found cases =
                    [
                        for run in
                            (analyse $"{cases}\nexpect accuracy 91 on 0.4 filters, 92 on 10%% filters").Runs do
                            if run.Expected.Length > 0 then
                                run.Name, run.Expected[0].Value
                    ]

                equal
                    [ "p=0.4", 91.0; "p=10%", 92.0 ]
                    (found "let p = [0.4, 10%, 0.5]; conv: train p filters; rest: fixed")

                equal
                    [ "filters p=0.4" ]
                    (found
                        "let p = [0.4, 0.5]\ncase filters { conv: train p filters }; case inputs { conv: train p inputs }"
                     |> List.map fst)
            }

            test "a row or a column has at most 50 labels" {
                let table labels =
                    let on = String.replicate labels "1 "
                    $"let p = [1, 2]; conv: train p filters\nexpect accuracy {{ on 1, 2; {on}: 98, 99 }}"

                isFalse (List.contains "FRZ020" (codes (table 50)))
                contains "FRZ020" (String.concat " " (codes (table 51)))
                let wide = String.replicate 51 "1 "

                contains
                    "FRZ020"
                    (String.concat " " (codes $"expect accuracy {{ on 2, {wide}; mnist: 98, 99 }}"))
            }

            test "a table of published values is its values one by one" {
                let file published =
                    runs (
                        "data cifar10; let p = [0.1, 1 filter]; conv: train p filters\n"
                        + "case fixed { rest: fixed }; case zero { rest: zero }\n"
                        + published
                    )

                let table =
                    "expect best accuracy from \"T\" {\n on 0.1, 1 filter\n fixed cifar10: 94.12, -\n zero: -1, 2 * 3\n}\n"
                    + "expect loss { on fixed, zero; 0.1: 1, 2 }"

                let found = file table

                equal
                    (file (
                        "expect best accuracy 94.12 on fixed 0.1 cifar10, (-1) on zero 0.1, 2 * 3 on zero 1 filter from \"T\"\n"
                        + "expect loss 1 on fixed 0.1, 2 on zero 0.1"
                    ))
                    found

                equal [ 2; 2; 0; 1 ] [ for run in found -> run.Expected.Length ]
            }

            test "a side of a claim may say what is counted" {
                let report =
                    "case filters { let p = [0.5, 1 filter]; conv: train p filters; rest: fixed }\n"
                    + "report { claim accuracy on filters 0.5 > filters 1 filter; claim accuracy on 1 filters < 0.5 }"
                    |> analyse

                isEmpty report.Diagnostics

                let comparison sides relation =
                    ReportItem.Claim(ReportClaim.Comparison("accuracy", sides, relation))

                equal
                    [|
                        comparison [| [| "filters"; "0.5" |]; [| "filters"; "1 filter" |] |] Relation.Greater
                        comparison [| [| "1 filters" |]; [| "0.5" |] |] Relation.Less
                    |]
                    report.Report
            }

            test "what is expected is no part of a run's address" {
                let address text = Address.ofRecipe (runs text).[0].Recipe
                equal (address "epochs 3") (address "epochs 3; expect accuracy 99 from \"x\"")

                equal
                    (address "epochs 3")
                    (address "profile p { epochs 1 }; epochs 3; report { table accuracy }")
            }

            test "rules in an ensemble are for its members, those outside for the net from which they start" {
                let run =
                    (runs "conv1: fixed; ensemble 3 after 2 epochs { case fc { fc2: train; rest: fixed } }")
                        .[0]

                equal (Treatment.Still Stillness.Fixed) (treatment "conv1.weight" run)
                equal Treatment.Trained (treatment "fc1.weight" run)

                match run.Recipe.Learning with
                | Learning.Ensemble(3, 2, members, _) -> equal 5010L (Counts.ofWeights members).Trained
                | other -> failwith $"{other}"
            }

            test "a report's lines are read into what they ask for" {
                let analysis =
                    analyse
                        "let k = 1..2; first k layers: fixed\nreport { table best accuracy, trained parameters by k; plot accuracy against trained parameters (log) for k, fit log; weights mean |w|, variance by layer; tsne stage 2, 500 samples }"

                isEmpty analysis.Diagnostics

                equal
                    [|
                        ReportItem.Table([| "best accuracy"; "trained parameters" |], [| "k" |])
                        ReportItem.Plot([| "accuracy" |], "trained parameters", true, [| "k" |], "log")
                        ReportItem.Weights [| "mean |w|"; "variance" |]
                        ReportItem.Tsne(2, 500)
                    |]
                    analysis.Report
            }

            test "a plot is against a measure, or against an axis of the file" {
                let analysis =
                    analyse
                        "net [lenet, lenet-5]; let p = [1, 2]; let norm = 1..2; conv1: train p filters; conv2: train norm filters; rest: fixed\nreport { plot best accuracy, seconds against p (log) for net; plot loss against net; plot loss against norm; plot loss against p for net and norm }"

                isEmpty analysis.Diagnostics

                equal
                    [|
                        ReportItem.AxisPlot([| "best accuracy"; "seconds" |], "p", true, [| "net" |])
                        ReportItem.AxisPlot([| "loss" |], "net", false, [||])
                        // A measure of that name comes first.
                        ReportItem.Plot([| "loss" |], "norm", false, [||], "")
                        ReportItem.AxisPlot([| "loss" |], "p", false, [| "net"; "norm" |])
                    |]
                    analysis.Report
            }

            test "claims are read into comparisons and trends" {
                let analysis =
                    analyse
                        "case fixed { let p = [0.1, 0.4]; conv: train p filters; rest: fixed }\ncase all { rest: train }\nreport { claim best accuracy on fixed 0.10 < fixed 0.4 < all; claim loss on all within 0.5 of fixed; claim accuracy rises with trained parameters (log) for case, p; claim seconds falls with trained parameters }"

                isEmpty analysis.Diagnostics

                equal
                    [|
                        ReportItem.Claim(
                            ReportClaim.Comparison(
                                "best accuracy",
                                [| [| "fixed"; "0.1" |]; [| "fixed"; "0.4" |]; [| "all" |] |],
                                Relation.Less
                            )
                        )
                        ReportItem.Claim(
                            ReportClaim.Comparison(
                                "loss",
                                [| [| "all" |]; [| "fixed" |] |],
                                Relation.Within 0.5
                            )
                        )
                        ReportItem.Claim(
                            ReportClaim.Trend("accuracy", true, "trained parameters", true, [| "case"; "p" |])
                        )
                        ReportItem.Claim(
                            ReportClaim.Trend("seconds", false, "trained parameters", false, [||])
                        )
                    |]
                    analysis.Report
            }

            test "claims compare measures of the same runs, and of stages" {
                let analysis =
                    analyse
                        "case a { }\ncase b { conv1: fixed }\nreport { claim best accuracy > accuracy > error on a; claim lr of stage 3 within 0.1 of lr of stage 1 }"

                isEmpty analysis.Diagnostics

                equal
                    ([|
                        ReportClaim.Measures(
                            [| "best accuracy"; "accuracy"; "error" |],
                            [| "a" |],
                            Relation.Greater
                        )
                        ReportClaim.Measures(
                            [| "lr of stage 3"; "lr of stage 1" |],
                            [||],
                            Relation.Within 0.1
                        )
                     |]
                     |> Array.map ReportItem.Claim)
                    analysis.Report

                let claimed claim =
                    codes ("case a { }\nreport { claim " + claim + " }")

                equal [ "FRZ020" ] (claimed "accuracy > loss")
                equal [ "FRZ020" ] (claimed "stage lr > lr of stage 1")
                equal [ "FRZ020" ] (claimed "accuracy > error on")
                equal [ "FRZ013" ] (claimed "accuracy > speed")
                equal 1 (claimed "accuracy > error on c").Length
            }

            test "`on` cannot name a seed" {
                let text = "let k = 0..2; first k layers: fixed; seed 1..2; expect accuracy 90 on 1"
                let expecting = runs text |> Array.filter (fun run -> run.Expected.Length > 0)
                equal [ "k=1 seed=1"; "k=1 seed=2" ] [ for run in expecting -> run.Name ]
            }

            test "a profile may narrow what lists, published values and claims name" {
                let text =
                    "data [mnist, fashion-mnist]; let k = 0..2; first k layers: fixed; expect accuracy 90 on 2 mnist\nreport { table accuracy by data, k; claim accuracy on 0 > 2 }\nprofile small { data mnist-sample; let k = 1 }"

                isEmpty (analyse text).Diagnostics
                isEmpty (analyseAmong [] "small" text).Diagnostics
            }

            test "a net whose parameter's default is a let follows it" {
                let found =
                    runs
                        "data cifar10; net foo(wide = w) { conv wide 3x3; fc: linear classes }; net foo; case a { let w = 8 }; case b { let w = 16 }"

                equal [ 8; 16 ] [ for run in found -> run.Recipe.Net.Nodes[1].Shape[0] ]
            }

            test "built-in nets know nothing of a file's lets" {
                let starts text =
                    (runs text).[0].Recipe.Weights |> Array.map _.Start

                equal
                    (starts "data cifar10; net wrn-10-1")
                    (starts "let n = 7; epochs n; data cifar10; net wrn-10-1")
            }

            test "an importing file's profile lies over one of the same name that it imports" {
                let analysis =
                    analyseAmong
                        [ "imp.frz", "profile q { epochs 3; batch 16 }" ]
                        "q"
                        "import \"imp.frz\"; profile q { epochs 1 }"

                let recipe = analysis.Runs[0].Recipe
                equal (1, 16) (recipe.Epochs, recipe.Batch)
            }

            test "what a profile overrides of a tuple is no column of it" {
                let text = "(net, batch) = [(lenet, 64), (lenet-5, 32)]; profile q { batch 16 }"
                let analysis = analyseAmong [] "q" text
                equal 2 analysis.Runs.Length

                for run in analysis.Runs do
                    equal 16 run.Recipe.Batch
                    equal [| "net" |] (run.Axes |> Array.map _.Name)
            }

            test "a tuple that a case overrides whole is no axis" {
                let found =
                    runs "(a, b) = [(1, 2), (3, 4)]; epochs a; batch b; case x { let a = 5; let b = 6 }"

                equal 1 found.Length
            }

            test "a case may set what is drawn outside, and draw what is set outside" {
                let found =
                    runs
                        "validate 1000; search random 2; lr ~ 1e-3 * 10^normal(0, 1); case a { }; case b { lr 0.1; decay ~ uniform(0, 1) }"

                equal 6 found.Length

                match found[3].Recipe.Optimizer with
                | Optimizer.Sgd(lr, _, _, _) -> equal 0.1 lr
                | other -> failwith $"{other}"
            }

            test "rules outside an ensemble are about the epochs before it" {
                let run =
                    (runs "epochs 10; fc1: train until epoch 10; ensemble 2 after 20 epochs { }").[0]

                let plan =
                    run.Recipe.Weights |> Array.find (fun plan -> plan.Weight.Name = "fc1.weight")

                equal (Period.Epochs(1, 10)) plan.Update.Period
            }

            test "a drawn let reaches the optimizer of every stage" {
                let run =
                    (runs
                        "data cifar10; net cnn2; validate 100; learn stage by stage; search random 2 per stage; e ~ normal(0, 1); lr 10^e")
                        .[0]

                match run.Recipe.Learning with
                | Learning.StageByStage(stages, _) ->
                    equal 2 stages.Length

                    for candidates in stages do
                        equal 3 (Array.distinct candidates).Length
                | other -> failwith $"{other}"
            }

            test "a shortcut in a repeat begins at the body's own part" {
                let net =
                    (runs
                        "data cifar10; net n { repeat 2 { residual { act: relu; conv 2 * channels 3x3 } shortcut from act { s: conv 2 * channels 1x1 } }; fc: linear classes }; net n")
                        .[0].Recipe.Net

                let node name =
                    net.Nodes |> Array.find (fun node -> node.Name = name)

                equal "act2" (net.Nodes[(node "s2").Inputs[0]].Name)
            }

            test "weights from a file are known by their content, wherever the file lies" {
                let options: Compile.Options =
                    { alone with
                        Files =
                            { alone.Files with
                                Read =
                                    fun path ->
                                        Source.ofBytes
                                            path
                                            (System.Text.Encoding.UTF8.GetBytes
                                                "conv1: fixed init from \"w.safetensors\"")
                                Weights =
                                    fun path ->
                                        Ok(
                                            convolutions (
                                                if path.Contains $"sub{Path.DirectorySeparatorChar}" then
                                                    "aa"
                                                else
                                                    "bb"
                                            )
                                        )
                            }
                    }

                let text = "import \"sub/c.frz\"; conv2: fixed init from \"w.safetensors\""
                let run = (Compile.analyse options (source text)).Runs[0]

                let start name =
                    (run.Recipe.Weights |> Array.find (fun plan -> plan.Weight.Name = name)).Start

                // The plan can be run from any folder.
                let full (path: string) = Path.GetFullPath path

                equal
                    (Start.File(full (Path.Combine("sub", "w.safetensors")), "aa", ""))
                    (start "conv1.weight")

                equal (Start.File(full "w.safetensors", "bb", "")) (start "conv2.weight")

                let moved =
                    { run.Recipe with
                        Weights =
                            run.Recipe.Weights
                            |> Array.map (fun plan ->
                                match plan.Start with
                                | Start.File(path, digest, layer) ->
                                    { plan with
                                        Start = Start.File("/elsewhere/" + path, digest, layer)
                                    }
                                | _ -> plan)
                    }

                equal (Address.ofRecipe run.Recipe) (Address.ofRecipe moved)
            }

            testTheory
                "odd files and numbers are errors, at once"
                [
                    "import \"\""
                    "import \" \""
                    "conv1: fixed init from \"\""
                    "conv1: fixed init from \"/dev/zero\""
                    "conv1: fixed init from \"../../../../../../dev/zero\""
                    "seed 9e27"
                    "lr ~ 10^normal(deviation 1, mean 0); search random 2; validate 9"
                ]
                (fun text ->
                    let analysis =
                        Compile.analyse
                            Compile.defaults
                            { source text with
                                Path = Path.Combine(root, "tests", "x.frz")
                            }

                    exists Diagnostic.isError analysis.Diagnostics)

            test "ten thousand runs of a net of ten thousand layers are refused" {
                let layers = String.replicate 9000 "conv 1 1x1;"

                let text =
                    $"data mnist-sample; net n {{ {layers} fc: linear classes }}; net n; seed 1..10000"

                includes "FRZ025" (codes text)
            }
        ]
