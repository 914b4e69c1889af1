/// What `freeze run` chooses, changes, foretells and does side by side.
module Freeze.Cli.Tests.JobTests

open System.Diagnostics
open System.IO
open System.Threading
open Freeze.Cli.Tests.Command
open Xunit

let private grid =
    "data mnist-sample; images 192; batch 64; epochs 2; seed 1..2
     optimizer sgd(lr [0.02, 0.05])"

let private names (output: Output) =
    (json output).EnumerateArray()
    |> Seq.map _.GetProperty("name").GetString()
    |> List.ofSeq

let private plan more =
    freeze ([ "plan"; "--json"; file grid ] @ more)

[<Fact>]
let ``--only narrows by axes and widens by values`` () =
    Assert.Equal<string list>([ "seed=1 lr=0.05"; "seed=2 lr=0.05" ], names (plan [ "--only"; "lr=0.050" ]))
    Assert.Equal(4, (names (plan [ "--only"; "lr=0.05"; "--only"; "lr=0.02" ])).Length)
    Assert.Equal<string list>([ "seed=2 lr=0.05" ], names (plan [ "--only"; "lr=0.05"; "--only"; "seed=2" ]))

[<Theory>]
[<InlineData("lr", "expected axis=value")>]
[<InlineData("rate=1", "no axis is called so; there is seed and lr")>]
[<InlineData("lr=7", "lr is 0.02 or 0.05")>]
let ``--only that means nothing is refused with what there is`` (condition: string, message: string) =
    let output = plan [ "--only"; condition ]
    Assert.Equal(2, output.Code)
    Assert.Contains(message, output.Errors)

[<Fact>]
let ``--set lies over the file, its profile and its lets`` () =
    let source =
        file (
            quick
            + "let k = 1; profile short { epochs 3 }; case a { epochs 4; layer k: fixed }"
        )

    let plan more =
        (json (freeze ([ "plan"; "--json"; source; "--profile"; "short" ] @ more))).[0]

    let epochs more =
        (plan more).GetProperty("recipe").GetProperty("epochs").GetInt32()

    Assert.Equal(3, epochs [])
    Assert.Equal(2, epochs [ "--set"; "epochs=2" ])
    Assert.Equal(2, epochs [ "--set"; "epochs 2" ])

    let fixed' more =
        (plan more).GetProperty("layers").EnumerateArray()
        |> Seq.find (fun layer -> layer.GetProperty("fixed").GetInt64() > 0L)
        |> _.GetProperty("name").GetString()

    Assert.Equal("conv1", fixed' [])
    Assert.Equal("conv2", fixed' [ "--set"; "k = 2" ])

[<Theory>]
[<InlineData("epoch=1", "did you mean `epochs`?")>]
[<InlineData("epochs=many", "--set:1:8")>]
[<InlineData("rest: fixed", "inside a profile")>]
[<InlineData("epochs=(", "--set:1:")>]
let ``a mistake in --set is shown in its text`` (statement: string, message: string) =
    let output = plan [ "--set"; statement ]
    Assert.Equal(2, output.Code)
    Assert.Contains(message, output.Errors)
    Assert.Contains(statement, output.Errors)

[<Fact>]
let ``--without leaves passes out, in workers too, and the records say so`` () =
    let store = folder ()

    let output =
        freezeProcess
            [
                "run"
                file (grid + "; conv2: train 5 filters")
                "--store"
                store
                "--jobs"
                "2"
                "--threads"
                "2"
                "--without"
                "pool-relu,slices"
                "--without"
                "channels-last"
            ]

    Assert.Equal(0, output.Code)
    let results = Directory.GetFiles(store, "result.json", SearchOption.AllDirectories)
    Assert.Equal(4, results.Length)

    for result in results do
        Assert.Contains(", without slices, pool-relu, channels-last\"", File.ReadAllText result)

[<Fact>]
let ``FREEZE_MEMORY says how much of the features lies in memory`` () =
    let source = file (quick + "conv1, conv2: fixed")

    let run memory store =
        freezeWith [ "FREEZE_MEMORY", memory ] [ "run"; source; "--store"; store ]

    Assert.Contains("outputs of flatten1 once, 5 MB in memory", (run "6" (folder ())).Errors)
    let store = folder ()
    Assert.Contains("outputs of flatten1 once, 5 MB in a file", (run "4" store).Errors)

    Assert.Single(Directory.GetDirectories(Path.Combine(store, "features")))
    |> ignore
    // What else lies in the store is no run.
    Assert.Equal(0, (freeze [ "gc"; source; "--store"; store; "--yes" ]).Code)

    let wrong = run "much" (folder ())
    Assert.Equal(2, wrong.Code)
    Assert.Contains("FREEZE_MEMORY is much", wrong.Errors)

[<Theory>]
[<InlineData("slcies", "did you mean slices?")>]
[<InlineData("prefix,speed", "--without speed: there is no such pass")>]
let ``a pass that there is not is refused with those that there are`` (passes: string, message: string) =
    for command in [ [ "run" ]; [ "submit"; "--slurm"; "--dry-run" ] ] do
        let output = freeze (command @ [ file grid; "--without"; passes ])
        Assert.Equal(2, output.Code)
        Assert.Contains(message, output.Errors)
        Assert.Contains("  channels-last: the channels of a pixel", output.Errors)

[<Fact>]
let ``--dry-run foretells and does nothing`` () =
    let store = Path.Combine(folder (), "runs")
    let output = freeze [ "run"; file grid; "--store"; store; "--dry-run" ]
    Assert.Equal(0, output.Code)
    Assert.Equal(4, System.Text.RegularExpressions.Regex.Matches(output.Text, " start ").Count)
    Assert.False(Directory.Exists store)

[<Fact>]
let ``several jobs leave what one leaves`` () =
    let source, one, two = file grid, folder (), folder ()
    Assert.Equal(0, (freeze [ "run"; source; "--store"; one; "--threads"; "1" ]).Code)

    let output =
        freezeProcess [ "run"; source; "--store"; two; "--threads"; "2"; "--jobs"; "2" ]

    Assert.Equal(0, output.Code)
    Assert.Contains("4 of 4", output.Errors)
    Assert.DoesNotContain("waiting", output.Errors)

    for result in Directory.GetFiles(one, "result.json", SearchOption.AllDirectories) do
        Assert.Equal<byte[]>(File.ReadAllBytes result, File.ReadAllBytes(result.Replace(one, two)))

    Assert.Contains("finished before", (freezeProcess [ "run"; source; "--store"; two; "--jobs"; "2" ]).Text)

[<Fact>]
let ``with several jobs a failure is tried again once, and a fast failure ends all`` () =
    let source = file (grid.Replace("0.02,", "900,").Replace("epochs 2", "epochs 500"))
    let store = folder ()

    let output =
        freezeProcess [ "run"; source; "--store"; store; "--jobs"; "2"; "--fail-fast"; "--json" ]

    Assert.Equal(1, output.Code)

    let outcomes =
        (json output).EnumerateArray()
        |> Seq.map _.GetProperty("outcome").GetString()
        |> List.ofSeq

    Assert.Contains("failed", outcomes)
    Assert.Contains("interrupted", outcomes)
    Assert.DoesNotContain("finished", outcomes)

    let again =
        freezeProcess
            [
                "run"
                source
                "--store"
                store
                "--only"
                "lr=900"
                "--jobs"
                "2"
                "--retry"
            ]

    Assert.Equal(1, again.Code)

    let diverged =
        System.Text.RegularExpressions.Regex.Matches(again.Errors, "900 failed: ")

    Assert.Equal(2, diverged.Count)

[<Theory>]
[<InlineData("auto", "--jobs")>]
[<InlineData("0", "--jobs 0: expected a number from 1 to 256")>]
let ``--jobs takes a number`` (jobs: string, message: string) =
    let output = freeze [ "run"; file grid; "--store"; folder (); "--jobs"; jobs ]
    Assert.Equal(2, output.Code)
    Assert.Contains(message, output.Errors)

let private workersOf (parent: int) =
    use found =
        Process.Start(ProcessStartInfo("pgrep", [ "-P"; string parent ], RedirectStandardOutput = true))

    let text = found.StandardOutput.ReadToEnd()
    found.WaitForExit()
    text.Split('\n', System.StringSplitOptions.RemoveEmptyEntries) |> Array.map int

let private isAlive (id: int) = Directory.Exists $"/proc/{id}"

[<Theory>]
[<InlineData("INT")>]
[<InlineData("KILL")>]
let ``workers end with their parent, and save`` (signal: string) =
    let store = folder ()
    let source = file (grid.Replace("epochs 2", "epochs 100000"))

    let started =
        start [ "run"; source; "--store"; store; "--jobs"; "2"; "--threads"; "2" ]

    while Directory.GetFiles(store, "metrics.jsonl", SearchOption.AllDirectories).Length < 2 do
        Thread.Sleep 100

    let workers = workersOf started.Id
    Assert.Equal(2, workers.Length)
    use kill = Process.Start("kill", [ "-" + signal; string started.Id ])
    kill.WaitForExit()
    let output = finish started

    if signal = "INT" then
        Assert.Equal(1, output.Code)
        Assert.Contains("Stopped, and saved", output.Text)

    Assert.True(
        SpinWait.SpinUntil((fun () -> not (Array.exists isAlive workers)), 60000),
        "a worker lives on"
    )

    Assert.Equal(2, Directory.GetFiles(store, "checkpoint.safetensors", SearchOption.AllDirectories).Length)
    Assert.Empty(Directory.GetFiles(store, "claim-*", SearchOption.AllDirectories))
