module Freeze.Cli.Tests.PlanTests

open System.IO
open Freeze.Cli.Tests.Command
open Xunit

[<Fact>]
let ``the plan as JSON is an array of runs with counts for each layer`` () =
    let runs = json (freeze [ "plan"; "--json"; "dsl-examples/lenet-each-layer.frz" ])
    Assert.Equal(5, runs.GetArrayLength())
    let run = runs[2]
    let text (name: string) = run.GetProperty(name).GetString()
    Assert.Equal(("frozen i=2", "lenet", "mnist"), (text "name", text "net", text "data"))
    Assert.Matches("^[0-9a-f]{16}$", text "hash")
    Assert.Equal("""{"case":"frozen","i":2}""", run.GetProperty("axes").GetRawText())

    Assert.Equal(
        """{"total":431080,"trained":406030,"fixed":25050,"zero":0}""",
        run.GetProperty("weights").GetRawText()
    )

    Assert.Equal(
        """{"name":"conv2","kind":"conv","shape":[50,20,5,5],"trained":0,"fixed":25050,"zero":0}""",
        run.GetProperty("layers").[1].GetRawText()
    )

[<Fact>]
let ``the same file has the same hashes, and comments change none`` () =
    let hashes text =
        (json (freeze [ "plan"; "--json"; file text ])).EnumerateArray()
        |> Seq.map (fun run -> run.GetProperty("hash").GetString())
        |> List.ofSeq

    Assert.Equal<string list>(
        hashes "conv1: fixed\nseed 1..2",
        hashes "# why\nseed 1..2 # two\n\nconv1:fixed"
    )

[<Fact>]
let ``a table shows every run, and the layers of a few`` () =
    let output = freeze [ "plan"; "dsl-examples/quickstart.frz" ]
    Assert.Equal(0, output.Code)
    Assert.Contains("quickstart", output.Text)
    Assert.Contains("415,530", output.Text)
    Assert.Contains("50x20x5x5", output.Text)

[<Fact>]
let ``a plan file runs as the file that it came from`` () =
    let source = file (quick + "conv1: fixed")
    let plan = Path.Combine(folder (), "plan.json")
    File.WriteAllText(plan, (freeze [ "plan"; "--json"; source ]).Text)
    let store = folder ()
    Assert.Equal(0, (freeze [ "run"; plan; "--store"; store ]).Code)
    // The same recipe has the same address: nothing is trained again.
    Assert.Contains("finished before", (freeze [ "run"; source; "--store"; store ]).Text)

[<Fact>]
let ``a file that is no plan is refused with its place`` () =
    let plan = Path.Combine(folder (), "plan.json")
    File.WriteAllText(plan, """[{"schema":3,"name":"a","profile":""}]""")
    let output = freeze [ "run"; plan ]
    Assert.Equal(2, output.Code)
    Assert.Contains("$[0]: field \"axes\" is missing", output.Errors)
