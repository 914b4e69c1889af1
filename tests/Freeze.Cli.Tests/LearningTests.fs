module Freeze.Cli.Tests.LearningTests

open System.IO
open System.Text.RegularExpressions
open Freeze.Records
open Freeze.Cli.Tests.Command
open Xunit

let private setting =
    "data mnist-sample; images 300; validate 60; batch 60; epochs 1; optimizer sgd\n"

let private rows (pattern: string) (output: Output) =
    output.Text.Split '\n'
    |> Array.filter (fun line -> Regex.IsMatch(line, pattern))
    |> Array.length

[<Fact>]
let ``halving runs rung after rung and marks the best candidate of the last`` () =
    let text =
        setting
        + "search halving 9 by validation accuracy\nlr ~ 0.02 * 10^normal(0, 0.5)"

    let plan = freeze [ "plan"; file text ]

    Assert.Contains(
        "of each 9 candidates the best go on: 3 with 3x the epochs, 1 with 9x the epochs",
        plan.Text
    )

    let store = folder ()
    let output = freeze [ "run"; file text; "--store"; store ]
    Assert.Equal(0, output.Code)
    Assert.Equal(13, rows "finished$" output)
    Assert.Equal(1, rows @" 9 +lr \S+ +\d+\.\d\d% +best$" output)
    Assert.Equal(1, rows @"best$" output)
    Assert.Equal(13, Directory.GetFiles(store, "result.json", SearchOption.AllDirectories).Length)
    // Three go on behind the first epoch, one of them behind the third.
    Assert.Equal(3, Regex.Count(output.Errors, @"goes on from [0-9a-f]{16} \(1 epoch\)"))
    Assert.Equal(1, Regex.Count(output.Errors, @"goes on from [0-9a-f]{16} \(3 epochs\)"))

let private staged =
    setting
    + "net [short, long]; learn stage by stage; search random 1 per stage; lr ~ 0.02 * 10^normal(0, 1)\n"
    + "net short { stage 1 { conv 4 3x3; relu; maxpool 4 }; classifier: linear classes }\n"
    + "net long { stage 1 { conv 4 3x3; relu; maxpool 4 }; stage 2 { conv 8 3x3; relu }\n"
    + "classifier: linear classes }"

[<Fact>]
let ``two processes at the same time train each stage once`` () =
    let store, source = folder (), file staged
    let processes = [ for _ in 1..2 -> start [ "run"; source; "--store"; store ] ]
    let outputs = processes |> List.map finish
    Assert.All(outputs, fun output -> Assert.Equal(0, output.Code))

    let notes =
        outputs
        |> List.sumBy (fun output -> Regex.Count(output.Errors, "candidate [12] of 2"))
    // Two stages of two candidates: three stages would be six.
    Assert.Equal(4, notes)

[<Fact>]
let ``stages are told with what was chosen, and shared by the runs of a file`` () =
    let store = folder ()
    let output = freeze [ "run"; file staged; "--store"; store ]
    Assert.Equal(0, output.Code)
    Assert.Equal(2, rows @"stage1 +[12] of 2 " output)
    Assert.Equal(1, rows @"stage2 +[12] of 2 " output)
    Assert.Equal(2, Directory.GetDirectories(Path.Combine(store, "stages")).Length)
    Assert.Equal(4, Regex.Count(output.Errors, "candidate [12] of 2"))

[<Fact>]
let ``an ensemble's members are told together`` () =
    let text =
        setting
        + "net lenet; lr 0.02\nensemble 2 after 1 epoch { case a { fc2: train; rest: fixed }; case b { rest: train } }"

    let store = folder ()
    let output = freeze [ "run"; file text; "--store"; store ]
    Assert.Equal(0, output.Code)
    Assert.Contains("ensemble accuracy", output.Text)
    // Members times 5,010 of the last layer; the net and one of them more.
    Assert.Equal(1, rows @"10,020 +436,090$" output)
    // Both cases and the net that they start from.
    Assert.Equal(
        3,
        Directory.GetFiles(store, "plan.json", SearchOption.AllDirectories)
        |> Array.filter (fun path -> not (path.Contains "member"))
        |> Array.length
    )

[<Fact>]
let ``an ensemble's members are exported, and its runs are kept or removed together`` () =
    let ensemble =
        file (
            setting
            + "net lenet; lr 0.02\nensemble 2 after 1 epoch { fc2: train; rest: fixed }"
        )

    let store = folder ()
    Assert.Equal(0, (freeze [ "run"; ensemble; "--store"; store ]).Code)
    let plan = freeze [ "plan"; "--json"; ensemble ]
    let hash = (json plan).[0].GetProperty("hash").GetString()
    let target = Path.Combine(folder (), "w.safetensors")

    let export more =
        freeze ([ "export"; hash; "--store"; store; "--safetensors"; target; "--force" ] @ more)

    Assert.Contains("say which member, --member 1 to 2", (export []).Errors)
    Assert.Contains("say which member", (export [ "--member"; "3" ]).Errors)
    Assert.Equal(2, (export [ "--member"; "1"; "--best" ]).Code)
    Assert.Equal(0, (export [ "--member"; "2" ]).Code)
    Assert.Equal(8, (Safetensors.Read target).Count)
    Assert.Equal(0, (export [ "--member"; "2"; "--learned" ]).Code)
    Assert.Equal(2, (Safetensors.Read target).Count)

    let gc source =
        freeze [ "gc"; source; "--store"; store; "--yes" ]

    // The net that the members start from is meant too.
    Assert.Equal(0, (gc ensemble).Code)
    Assert.Equal(0, (export [ "--member"; "1" ]).Code)
    let other = gc (file (setting + "net lenet; lr 0.03"))
    Assert.Equal(0, other.Code)
    Assert.Contains("2 removed", other.Text)

[<Fact>]
let ``members of a densenet keep no byte of what they do not learn`` () =
    let text =
        setting
        + "net densenet-22-12; lr 0.01\n"
        + "ensemble 5 after 1 epoch { bn, fc: train; conv: train 0.1 filters; rest: fixed }"

    let store = folder ()
    Assert.Equal(0, (freeze [ "run"; file text; "--store"; store ]).Code)

    let bytes isMember =
        Directory.GetFiles(store, "last.safetensors", SearchOption.AllDirectories)
        |> Array.filter (fun path -> path.Contains "member-" = isMember)
        |> Array.map (fun path -> Safetensors.Read path |> Seq.sumBy _.Value.Bytes.Length)

    // Nor a plan of their own, which follows from the ensemble's.
    Assert.Equal(2, Directory.GetFiles(store, "plan.json", SearchOption.AllDirectories).Length)
    let whole = bytes false |> Array.exactlyOne
    let plan = freeze [ "plan"; "--json"; file text ]
    let weights = (json plan).[0].GetProperty("weights")
    let count (name: string) = weights.GetProperty(name).GetInt32()
    let statistics = whole - 4 * count "total"
    Assert.Equal<int[]>(Array.create 5 (4 * count "trained" + statistics), bytes true)
    Assert.InRange(count "trained", 1, count "total" / 4)

[<Fact>]
let ``a stage may end in a row of values, which have no pixels`` () =
    let text =
        "data mnist-sample; images 640; epochs 1; batch 64; validate 64; learn stage by stage; net two\n"
        + "net two { stage 1 { linear 32; relu }; stage 2 { linear 16; relu }; classifier: linear classes }\n"

    let output = freeze [ "run"; file text; "--store"; folder () ]
    Assert.Equal(0, output.Code)
    Assert.Contains("finished", output.Text)
