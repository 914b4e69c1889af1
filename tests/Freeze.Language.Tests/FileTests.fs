/// Several texts and several runs: imports, profiles, tuples, searches, published values.
module Freeze.Language.Tests.FileTests

open System.IO
open Freeze
open Freeze.Language
open Freeze.Language.Tests.Files
open Xunit

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

[<Fact>]
let ``an import brings settings, lets, nets and rules; the importing file wins`` () =
    let common =
        "epochs 3; batch 64; let p = 0.5; net mine { conv1: conv 4 3x3; linear classes }; conv: train p filters; rest: fixed"

    let analysis =
        analyseAmong
            [ "common.frz", common ]
            ""
            "import \"common.frz\"; data cifar10; net mine; epochs 5; let p = 0.25"

    Assert.Empty analysis.Diagnostics
    let run = analysis.Runs[0]
    Assert.Equal((5, 64), (run.Recipe.Epochs, run.Recipe.Batch))
    Assert.Equal(Treatment.Slice(0, [| 0 |], Stillness.Fixed), treatment "conv1.weight" run)

[<Fact>]
let ``a path is relative to the file that names it, and a file is read once`` () =
    let files =
        [
            Path.Combine("sub", "a.frz"), "import \"b.frz\"; epochs 3"
            Path.Combine("sub", "b.frz"), "batch 32"
        ]

    let analysis = analyseAmong files "" "import \"sub/a.frz\"; import \"sub/b.frz\""

    Assert.Empty analysis.Diagnostics
    Assert.Equal(32, analysis.Runs[0].Recipe.Batch)
    Assert.Equal(3, analysis.Sources.Length)

[<Fact>]
let ``a cycle of imports is an error`` () =
    let files = [ "a.frz", "import \"b.frz\""; "b.frz", "import \"a.frz\"" ]
    let analysis = analyseAmong files "" "import \"a.frz\""
    Assert.Equal<string list>([ "FRZ018" ], analysis.Diagnostics |> List.map _.Code)

[<Fact>]
let ``a long row of imports ends in an error`` () =
    let files = [ for i in 1..300 -> $"{i}.frz", $"import \"{i + 1}.frz\"" ]
    let analysis = analyseAmong files "" "import \"1.frz\""
    Assert.Contains("FRZ018", analysis.Diagnostics |> List.map _.Code)

[<Fact>]
let ``a profile overrides settings and lets, in cases too, and only when asked for`` () =
    let text =
        "let p = 0.5; epochs 10; case a { epochs 20; conv: train p filters; rest: fixed }; profile quick { epochs 1; let p = 0.25; seed 1..3 }"

    Assert.Equal(20, (runs text).[0].Recipe.Epochs)
    let analysis = analyseAmong [] "quick" text
    Assert.Empty analysis.Diagnostics
    Assert.Equal(3, analysis.Runs.Length)

    for run in analysis.Runs do
        Assert.Equal(("quick", 1), (run.Profile, run.Recipe.Epochs))

    match treatment "conv1.weight" analysis.Runs[0] with
    | Treatment.Slice(_, indices, _) -> Assert.Equal(5, indices.Length)
    | other -> failwith $"{other}"

[<Fact>]
let ``a tuple moves settings and lets together`` () =
    let found =
        runs "(net, epochs, p) = [(lenet, 3, 0.1), (lenet-5, 4, 0.5)]; conv: train p filters; rest: fixed"

    Assert.Equal<(string * int) list>(
        [ "lenet", 3; "lenet-5", 4 ],
        [ for run in found -> run.NetName, run.Recipe.Epochs ]
    )

    Assert.Equal<string list>([ "net=lenet"; "net=lenet-5" ], [ for run in found -> run.Name ])
    Assert.Equal<string list>([ "net"; "epochs"; "p" ], [ for axis in found[0].Axes -> axis.Name ])

[<Fact>]
let ``the epochs of a schedule are one value, a list of schedules is an axis`` () =
    let found = runs "schedule [step([3, 6], 0.1x), cosine]"
    Assert.Equal(Schedule.Step([| 3; 6 |], 0.1), found[0].Recipe.Schedule)
    Assert.Equal(Schedule.Cosine, found[1].Recipe.Schedule)

[<Fact>]
let ``lr, momentum and decay complete the optimizer, and are axes and draws`` () =
    let rates =
        [
            for run in runs "optimizer sgd(momentum 0.5); lr [0.1, 0.01]" -> run.Recipe.Optimizer
        ]

    Assert.Equal<Optimizer list>(
        [ Optimizer.Sgd(0.1, 0.5, 0.0, false); Optimizer.Sgd(0.01, 0.5, 0.0, false) ],
        rates
    )

    Assert.Contains("FRZ011", codes "optimizer sgd(lr 0.1); lr 0.2")
    Assert.Contains("FRZ022", codes "optimizer adam; momentum 0.2")

let private drawnRates text =
    [
        for run in runs text do
            match run.Recipe.Optimizer with
            | Optimizer.Sgd(lr, _, _, _) -> lr
            | other -> failwith $"{other}"
    ]

[<Fact>]
let ``a search's first candidate is the start, the others are drawn`` () =
    let rates =
        drawnRates "search random 10 by validation accuracy; lr ~ 1e-2 * 10^normal(0, 1)"

    Assert.Equal(11, rates.Length)
    Assert.Equal(0.01, rates[0], 12)
    Assert.Equal(11, (List.distinct rates).Length)

[<Fact>]
let ``draws follow seed and name, and no other setting moves them`` () =
    let search = "search random 5; lr ~ log-uniform(1e-4, 1)"
    let rates = drawnRates search
    Assert.All(rates, fun rate -> Assert.InRange(rate, 1e-4, 1.0))
    Assert.Equal<float list>(rates, drawnRates (search + "; epochs 3; conv1: fixed"))
    Assert.Equal<float list>(rates, drawnRates (search + "; decay ~ uniform(0, 1)"))
    Assert.NotEqual<float list>(rates, drawnRates (search + "; seed 2"))

[<Fact>]
let ``normal, uniform and choice draw from what they say`` () =
    let values draw =
        [
            for run in runs $"search random 2000; let scale = 1; warm ~ {draw}; lr 10 + warm * scale" do
                match run.Recipe.Optimizer with
                | Optimizer.Sgd(lr, _, _, _) -> lr - 10.0
                | other -> failwith $"{other}"
        ]
        |> List.tail

    let normal = values "normal(1, 2)"
    // Four standard errors of 2,000 values.
    Assert.InRange(List.average normal, 1.0 - 4.0 * 2.0 / sqrt 2000.0, 1.0 + 4.0 * 2.0 / sqrt 2000.0)
    let variance = normal |> List.averageBy (fun value -> (value - 1.0) ** 2.0)
    Assert.InRange(sqrt variance, 2.0 * 0.93, 2.0 * 1.07)

    let uniform = values "uniform(2, 4)"
    Assert.All(uniform, fun value -> Assert.InRange(value, 2.0, 4.0))
    Assert.InRange(List.average uniform, 2.95, 3.05)

    let chosen =
        values "choice(1, 2, 5)" |> List.map round |> List.countBy id |> Map.ofList

    Assert.Equal<float list>([ 1.0; 2.0; 5.0 ], chosen |> Map.keys |> List.ofSeq)
    Assert.All(Map.values chosen, fun count -> Assert.InRange(count, 570, 770))

[<Fact>]
let ``a published value belongs to the runs whose axes have its values`` () =
    let found =
        runs
            "data [mnist, mnist-sample]; let p = [0.1, 40%]; case a { conv: train p filters; rest: fixed }\nexpect accuracy 91 on mnist 0.1, 92 on mnist 40%, 93 on mnist-sample a from \"Table 9\""

    Assert.Equal<(string * float list) list>(
        [
            "a data=mnist p=0.1", [ 91.0 ]
            "a data=mnist p=40%", [ 92.0 ]
            "a data=mnist-sample p=0.1", [ 93.0 ]
            "a data=mnist-sample p=40%", [ 93.0 ]
        ],
        [
            for run in found -> run.Name, [ for expected in run.Expected -> expected.Value ]
        ]
    )

    Assert.Equal("Table 9", found[0].Expected[0].Source)

[<Fact>]
let ``what is expected is no part of a run's address`` () =
    let address text = Address.ofRecipe (runs text).[0].Recipe
    Assert.Equal(address "epochs 3", address "epochs 3; expect accuracy 99 from \"x\"")

    Assert.Equal(
        address "epochs 3",
        address "profile p { epochs 1 }; epochs 3; report { table accuracy by seed }"
    )

[<Fact>]
let ``rules of an ensemble are the members', those outside are the net's from which they start`` () =
    let run =
        (runs "conv1: fixed; ensemble 3 after 2 epochs { case fc { fc2: train; rest: fixed } }").[0]

    Assert.Equal(Treatment.Still Stillness.Fixed, treatment "conv1.weight" run)
    Assert.Equal(Treatment.Trained, treatment "fc1.weight" run)

    match run.Recipe.Learning with
    | Learning.Ensemble(3, 2, members) -> Assert.Equal(5010L, (Counts.ofWeights members).Trained)
    | other -> failwith $"{other}"

[<Fact>]
let ``a report's lines are read into what they ask for`` () =
    let analysis =
        analyse
            "let k = 1..2; first k layers: fixed\nreport { table best accuracy, trained parameters by k and seed; plot accuracy against trained parameters (log) for k, fit log; weights mean |w|, variance by layer; tsne stage 2, 500 samples }"

    Assert.Empty analysis.Diagnostics

    Assert.Equal<ReportItem[]>(
        [|
            ReportItem.Table([| "best accuracy"; "trained parameters" |], [| "k"; "seed" |])
            ReportItem.Plot([| "accuracy" |], "trained parameters", true, [| "k" |], "log")
            ReportItem.Weights [| "mean |w|"; "variance" |]
            ReportItem.Tsne(2, 500)
        |],
        analysis.Report
    )
