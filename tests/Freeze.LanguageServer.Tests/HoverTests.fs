module Freeze.LanguageServer.Tests.HoverTests

open System.Text.Json
open Freeze.LanguageServer.Tests.Client
open Xunit

/// What is said of the word at the `|` of a text.
let private said (marked: string) : string =
    let offset = marked.IndexOf '|'
    let before = marked.Substring(0, offset)
    let line = (before.Split '\n').Length - 1
    let client, uri = withText (marked.Remove(offset, 1))
    use client = client

    let hover =
        client.Request("textDocument/hover", at uri line (offset - (before.LastIndexOf '\n' + 1)))

    if hover.ValueKind = JsonValueKind.Null then
        ""
    else
        hover.GetProperty("contents").GetProperty("value").GetString()

let private contains (expected: string list) (found: string) =
    for part in expected do
        Assert.Contains(part, found)

[<Fact>]
let ``a rule: the weights that it takes, their shapes and counts`` () =
    said "net lenet\ncon|v2: train 10 filters\nrest: fixed\n"
    |> contains
        [
            "Decides 2 weights with 25,050 of 431,080 scalars"
            "5,010 of them learn"
            "| `conv2.weight` | 50x20x5x5 | train a part | 5,000 |"
        ]

[<Fact>]
let ``a rule that decides nothing says so`` () =
    said "net lenet\nco|nv1: fixed\nall: train\n"
    |> contains [ "decides nothing"; "FRZ101" ]

[<Fact>]
let ``of a rule with a mistake the mistake is said`` () =
    let found = said "net lenet\ncon|w1: fixed\n"
    Assert.StartsWith("**FRZ012** No part of the net has this name.", found)

[<Fact>]
let ``a net: its parameters, and the shapes through it`` () =
    said "data mnist; net len|et\n"
    |> contains
        [
            "**lenet**: 431,080 parameters"
            "| `conv1` | 20x24x24 | 520 |"
            "| `fc2` | 10 | 5,010 |"
        ]

[<Fact>]
let ``a net of the file, and one of the library that no run has`` () =
    said "net mi|ne { fc: linear classes }\nnet mine\n"
    |> contains [ "7,850 parameters" ]

    said "let a = vgg|-19\n" |> contains [ "net vgg-19" ]

[<Fact>]
let ``a setting: what it means, its default and its range`` () =
    said "epo|chs 3\n"
    |> contains
        [
            "epochs 10"
            "passes over the training images"
            "Takes a whole number from 1 to 100000."
        ]

    said "shuf|fle on\n" |> contains [ "shuffle on"; "on or off" ]
    said "devi|ce cpu\n" |> contains [ "auto, cpu or cuda" ]

[<Fact>]
let ``data sets, optimizers, actions and layers`` () =
    said "data cifar|10\n"
    |> contains [ "50,000 training"; "3x32x32"; "10 classes" ]

    said "optimizer ad|am(lr 0.1)\n" |> contains [ "Kingma and Ba 2014" ]
    said "conv1: train 0.4 filters spr|ead\n" |> contains [ "evenly spread" ]
    said "net a { con|v 8 3x3; linear classes }\n" |> contains [ "a convolution" ]

[<Fact>]
let ``a let: how it is defined`` () =
    said "let share = [0.1, 0.4]\nconv1: train sha|re filters; rest: fixed\n"
    |> contains [ "let share = [0.1, 0.4]" ]

    said
        "let share = [0.1, 0.4]\nconv1: train share filters; rest: fixed\nreport { plot accuracy against sha|re (log) }\n"
    |> contains [ "let share = [0.1, 0.4]" ]

[<Fact>]
let ``a line of a report: how it is written`` () =
    said "report { pl|ot accuracy }\n"
    |> contains [ "against AXIS [(log)]"; "lines over an axis" ]

[<Fact>]
let ``a mistake is explained`` () =
    said "epo|hcs 3\n" |> contains [ "**FRZ010** No setting has this name." ]

[<Fact>]
let ``of nothing nothing is said`` () =
    Assert.Equal("", said "epochs 3\n|\n\n")
