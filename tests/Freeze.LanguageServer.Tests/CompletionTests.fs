module Freeze.LanguageServer.Tests.CompletionTests

open Freeze.LanguageServer.Tests.Client
open Xunit

/// The labels offered at the `|` of a text.
let private offered (marked: string) : string list =
    let offset = marked.IndexOf '|'
    let before = marked.Substring(0, offset)
    let line = (before.Split '\n').Length - 1
    let character = offset - (before.LastIndexOf '\n' + 1)
    let client, uri = withText (marked.Remove(offset, 1))
    use client = client

    client.Request("textDocument/completion", at uri line character).GetProperty("items")
    |> items
    |> strings "label"

let private contains (expected: string list) (found: string list) =
    for word in expected do
        Assert.Contains(word, found)

[<Fact>]
let ``a statement begins with a setting, a word, or a part of the net in force`` () =
    offered "net wrn-10-1; data cifar10\n|"
    |> contains
        [
            "epochs"
            "optimizer"
            "case"
            "let"
            "block1"
            "block2.unit1.conv1"
            "rest"
            "first"
        ]

[<Fact>]
let ``in a stage stands what it learns`` () =
    Assert.Equal<string list>(
        [ "lr"; "momentum"; "decay"; "learn" ],
        offered "learn stage by stage\nstage 1 { |"
    )

    offered "learn stage by stage\nstage 1 { learn |"
    |> contains [ "reconstruct"; "reconstruct then solve"; "solve" ]

[<Fact>]
let ``in a case the net is that of the case`` () =
    let found =
        offered "data cifar10\ncase a { net wrn-10-1; | }\ncase b { net lenet }\n"

    contains [ "block1"; "epochs" ] found
    Assert.DoesNotContain("conv2", found)
    Assert.DoesNotContain("limit", found)

[<Fact>]
let ``behind a colon stand actions, behind those amounts and modifiers`` () =
    Assert.Equal<string list>([ "train"; "fixed"; "zero"; "solve" ], offered "conv1: |")
    offered "let p = 0.4\nconv1: train |" |> contains [ "p"; "at random"; "lr" ]
    offered "conv1: train 3 |" |> contains [ "filters"; "units" ]

    offered "conv1: train 3 filters |"
    |> contains [ "at random"; "init"; "from epoch" ]

    offered "conv1: train 3 filters init |"
    |> contains [ "he"; "orthogonal"; "from" ]

[<Fact>]
let ``behind a setting stand its values`` () =
    offered "data |" |> contains [ "mnist"; "cifar100" ]
    offered "let mine = lenet\nnet |" |> contains [ "lenet"; "wrn"; "mine" ]

    offered "net small { conv 8 3x3; linear classes }\nnet s|"
    |> contains [ "small" ]

    offered "shuffle |" |> contains [ "on"; "off" ]
    offered "schedule |" |> contains [ "cosine"; "step" ]
    offered "optimizer sgd(|" |> contains [ "lr"; "momentum"; "nesterov" ]
    offered "net wrn(28, |" |> contains [ "depth"; "widen"; "drop" ]

[<Fact>]
let ``in a net stand layers, their options, and what the net defines`` () =
    let net = "net mine(width) {\n    block unit(pace) { conv width 3x3 }\n    "
    offered (net + "|\n}") |> contains [ "conv"; "residual"; "repeat"; "unit" ]
    offered (net + "conv1: |\n}") |> contains [ "conv"; "linear" ]

    offered (net + "conv width 3x3 |\n}")
    |> contains [ "stride"; "pad none"; "no bias"; "width"; "channels" ]

[<Fact>]
let ``in a report stand measures and axes`` () =
    offered "let p = [1, 2]\nreport { | }" |> contains [ "table"; "plot" ]

    offered "let p = [1, 2]\nreport { table | }"
    |> contains [ "accuracy"; "trained parameters" ]

    offered "let p = [1, 2]\nreport { table accuracy by | }"
    |> contains [ "p"; "case" ]

    offered "let p = [1, 2]\nreport { plot accuracy against | }"
    |> contains [ "p"; "case"; "trained parameters"; "(log)"; "for" ]

[<Fact>]
let ``in a comment and in a text nothing is offered`` () =
    Assert.Empty(offered "# ep|")
    Assert.Empty(offered "import \"com|")
    Assert.Empty(offered "import \"com|\"")

[<Fact>]
let ``the word that is being typed is replaced, a path as a whole`` () =
    let client, uri = withText "net wrn-10-1; data cifar10\nblock1.un"
    use client = client

    let item =
        client.Request("textDocument/completion", at uri 1 9).GetProperty("items")
        |> items
        |> List.find (fun item -> item.GetProperty("label").GetString() = "block1.unit1")

    let edit = item.GetProperty "textEdit"
    Assert.Equal(((1, 0), (1, 9)), ends (edit.GetProperty "range"))
    Assert.Equal("block1.unit1", edit.GetProperty("newText").GetString())
