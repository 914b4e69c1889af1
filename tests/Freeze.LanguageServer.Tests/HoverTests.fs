module Freeze.LanguageServer.Tests.HoverTests

open System.Text.Json
open Expecto
open Freeze.LanguageServer.Tests.Client
open Freeze.Tests.Expectations

/// What is said of the word at the `|` of a text.
let private said (marked: string) : string =
    let hover = askAt "textDocument/hover" marked

    if hover.ValueKind = JsonValueKind.Null then
        ""
    else
        hover.GetProperty("contents").GetProperty("value").GetString()

let private has (expected: string list) (found: string) =
    for part in expected do
        contains part found

[<Tests>]
let tests =
    testList
        "hover"
        [
            test "a rule: the weights that it takes, their shapes and counts" {
                said "net lenet\ncon|v2: train 10 filters\nrest: fixed\n"
                |> has
                    [
                        "Decides 2 weights with 25,050 of 431,080 scalars"
                        "5,010 of them learn"
                        "| `conv2.weight` | 50x20x5x5 | train 10 of 50 filters, rest fixed | 5,000 |"
                    ]
            }

            test "a rule that decides nothing says so" {
                said "net lenet\nco|nv1: fixed\nall: train\n"
                |> has [ "decides nothing"; "FRZ101" ]
            }

            test "a rule with a mistake shows the mistake" {
                let found = said "net lenet\ncon|w1: fixed\n"
                startsWith "**FRZ012** No part of the net has this name." found
            }

            test "a net: its parameters, and the shapes through it" {
                said "data mnist; net len|et\n"
                |> has
                    [
                        "**lenet**: 431,080 parameters"
                        "| `conv1` | 20x24x24 | 520 |"
                        "| `fc2` | 10 | 5,010 |"
                    ]
            }

            test "a line of names: what the layers are called in the file" {
                let text =
                    "net a { block1: repeat 2 { unit { conv 4 3x3 } }; fc: linear classes; names timm { blo|ck*.unit*: \"layer*.(*-1)\" } }\nnet a\n"

                let found = said text
                found |> has [ "| `block1.unit2.conv1` | `layer1.1.conv1` |" ]
                lacks "`fc`" found

                said (text.Replace("|", "").Replace("names", "na|mes"))
                |> has [ "names PUBLISHERS" ]
            }

            test "a net of the file, and one of the library that no run has" {
                said "net mi|ne { fc: linear classes }\nnet mine\n"
                |> has [ "7,850 parameters" ]

                said "let a = vgg|-19\n" |> has [ "net vgg-19" ]
            }

            test "a setting: what it means, its default and its range" {
                said "epo|chs 3\n"
                |> has
                    [
                        "epochs 10"
                        "passes over the training images"
                        "Takes a whole number from 1 to 100000."
                    ]

                said "shuf|fle on\n" |> has [ "shuffle on"; "on or off" ]
                said "devi|ce cpu\n" |> has [ "auto, cpu or cuda" ]
            }

            test "where weights start: the word, and the case of the run before" {
                let text =
                    "case before { epochs 2 }\ncase fine { start from before; conv1: fixed }\n"

                said (text.Replace("from before", "fr|om before"))
                |> has [ "from before"; "of another file" ]

                said (text.Replace("from before", "from bef|ore"))
                |> has [ "case before { epochs 2 }" ]
            }

            test "data sets, optimizers, actions and layers" {
                said "data cifar|10\n" |> has [ "50,000 training"; "3x32x32"; "10 classes" ]

                said "optimizer ad|am(lr 0.1)\n" |> has [ "Kingma and Ba 2014" ]
                said "conv1: train 0.4 filters spr|ead\n" |> has [ "evenly spread" ]
                said "net a { con|v 8 3x3; linear classes }\n" |> has [ "a convolution" ]
            }

            test "a let: how it is defined" {
                said "let share = [0.1, 0.4]\nconv1: train sha|re filters; rest: fixed\n"
                |> has [ "let share = [0.1, 0.4]" ]

                said
                    "let share = [0.1, 0.4]\nconv1: train share filters; rest: fixed\nreport { plot accuracy against sha|re (log) }\n"
                |> has [ "let share = [0.1, 0.4]" ]
            }

            test "what a number counts, and a layer's place" {
                said "let p = [0.1, 1 fil|ter]\nconv: train p filters; rest: fixed\n"
                |> has [ "1 filter"; "counts filters of conv layers" ]

                said "net lenet\neach layer depth: train lr 0.1 * de|pth\n"
                |> has [ "each layer depth: train lr 0.1 * depth" ]

                said "net lenet\neach layer i: train lr 0.8x^(la|yers - i)\n"
                |> has [ "the number of layers of the net" ]

                said "net lenet\nea|ch layer i: train lr 0.1 * i\n"
                |> has [ "Decides 8 weights" ]
            }

            test "stages: what ends one, and what one may have of its own" {
                said "net a { conv 8 3x3; e|nd stage 1; classifier: linear classes }\n"
                |> has [ "the parts since the previous stage" ]

                said "learn stage by stage\nnet wrn-10-1; data mnist\nstage 1 { optimizer ad|am }\n"
                |> has [ "Kingma and Ba 2014" ]
            }

            test "a table of published values: how it is written" {
                said "case a { }\nexp|ect accuracy { on a; lenet: 1 }\n"
                |> has [ "or a table of them" ]

                said "case alpha { }\nexpect accuracy { on al|pha; lenet: 1 }\n"
                |> has [ "case alpha" ]
            }

            test "a line of a report: how it is written" {
                said "report { pl|ot accuracy }\n"
                |> has [ "against AXIS [(log)]"; "lines over an axis" ]
            }

            test "a mistake is explained" {
                said "epo|hcs 3\n" |> has [ "**FRZ010** No setting has this name." ]
            }

            test "hovering over nothing shows nothing" { equal "" (said "epochs 3\n|\n\n") }
        ]
