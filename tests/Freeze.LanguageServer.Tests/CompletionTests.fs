module Freeze.LanguageServer.Tests.CompletionTests

open Expecto
open Freeze.LanguageServer.Tests.Client
open Freeze.Tests.Expectations

/// The labels offered at the `|` of a text.
let private offered (marked: string) : string list =
    (askAt "textDocument/completion" marked).GetProperty("items")
    |> items
    |> strings "label"

let private has (expected: string list) (found: string list) =
    for word in expected do
        includes word found

[<Tests>]
let tests =
    testList
        "completion"
        [
            test "a statement begins with a setting, a word, or a part of the net in force" {
                offered "net wrn-10-1; data cifar10\n|"
                |> has
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
            }

            test "a stage offers what it can learn" {
                equal
                    [ "optimizer"; "lr"; "momentum"; "decay"; "learn" ]
                    (offered "learn stage by stage\nstage 1 { |")

                offered "learn stage by stage\nstage 1 { optimizer |" |> has [ "adam"; "sgd" ]

                offered "learn stage by stage\nstage 1 { optimizer sgd(|"
                |> has [ "lr"; "nesterov" ]

                offered "learn stage by stage\nstage 1 { lr ~ |" |> has [ "normal"; "choice" ]

                offered "learn stage by stage\nstage 1 { learn |"
                |> has [ "reconstruct"; "reconstruct then solve"; "solve" ]
            }

            test "a table of names offers the net's parts, and nothing in their place" {
                let net = "net a { tail { conv 4 3x3 }; fc: linear classes; names timm { "
                offered "net a { |" |> has [ "names" ]
                equal [ "tail"; "tail.conv1"; "fc" ] (offered (net + "| } }; net a"))
                equal [] (offered (net + "fc: | } }; net a"))
            }

            test "in a case the net is that of the case" {
                let found =
                    offered "data cifar10\ncase a { net wrn-10-1; | }\ncase b { net lenet }\n"

                has [ "block1"; "epochs" ] found
                excludes "conv2" found
                excludes "limit" found
            }

            test "after a colon come actions, after those amounts and modifiers" {
                equal [ "train"; "fixed"; "zero"; "solve" ] (offered "conv1: |")
                offered "let p = 0.4\nconv1: train |" |> has [ "p"; "at random"; "lr" ]
                offered "conv1: train 3 |" |> has [ "filters"; "units" ]
                offered "case a { }\nexpect accuracy {\n  |" |> has [ "on"; "a"; "lenet" ]
                offered "expect accuracy {\n  on 1 |" |> has [ "filter" ]
                offered "let p = [0.1, 1 |" |> has [ "filter"; "inputs" ]
                offered "expect accuracy 91 on 1 |" |> has [ "filter"; "lenet" ]

                offered "each |" |> has [ "layer" ]
                offered "each layer depth: train lr |" |> has [ "depth"; "layers" ]
                offered "conv1: train lr |" |> excludes "layers"
                offered "conv1: train 3 filters |" |> has [ "at random"; "init"; "from epoch" ]

                offered "conv1: train 3 filters init |" |> has [ "he"; "orthogonal"; "from" ]
            }

            test "after a setting come its values" {
                offered "data |" |> has [ "mnist"; "cifar100" ]
                offered "let mine = lenet\nnet |" |> has [ "lenet"; "wrn"; "mine" ]

                offered "net small { conv 8 3x3; linear classes }\nnet s|" |> has [ "small" ]

                offered "shuffle |" |> has [ "on"; "off" ]
                offered "schedule |" |> has [ "cosine"; "step" ]
                offered "augment |" |> has [ "flip"; "copies" ]
                offered "resize |" |> has [ "none"; "256 crop 224" ]
                offered "optimizer sgd(|" |> has [ "lr"; "momentum"; "nesterov" ]
                offered "net wrn(28, |" |> has [ "depth"; "widen"; "drop" ]
            }

            test "what a run starts from is offered: cases, then values and an epoch" {
                offered "start |" |> has [ "random"; "from" ]
                offered "let k = 1\ncase before { }\nstart from |" |> has [ "before"; "k" ]
                offered "case before { }\nstart from before |" |> has [ "on"; "at" ]
                offered "case before { }\nstart from before on 0.4 |" |> has [ "at" ]
                offered "case before { }\nstart from before at |" |> has [ "epoch" ]
                isEmpty (offered "start from \"com|")
            }

            test "a net offers layers, their options, and what the net defines" {
                let net = "net mine(width) {\n    block unit(pace) { conv width 3x3 }\n    "
                offered (net + "|\n}") |> has [ "conv"; "residual"; "repeat"; "unit" ]
                offered (net + "conv1: |\n}") |> has [ "conv"; "linear" ]

                offered (net + "conv width 3x3 |\n}")
                |> has [ "stride"; "pad none"; "no bias"; "width"; "channels" ]
            }

            test "a report offers measures and axes" {
                offered "let p = [1, 2]\nreport { | }" |> has [ "table"; "plot" ]

                offered "let p = [1, 2]\nreport { table | }"
                |> has [ "accuracy"; "trained parameters" ]

                offered "let p = [1, 2]\nreport { table accuracy by | }" |> has [ "p"; "case" ]

                offered "let p = [1, 2]\nreport { plot accuracy against | }"
                |> has [ "p"; "case"; "trained parameters"; "(log)"; "for" ]
            }

            test "in a comment and in a text nothing is offered" {
                isEmpty (offered "# ep|")
                isEmpty (offered "import \"com|")
                isEmpty (offered "import \"com|\"")
            }

            test "the word that is being typed is replaced, a path as a whole" {
                let client, uri = sharedText "net wrn-10-1; data cifar10\nblock1.un"

                let item =
                    client.Request("textDocument/completion", at uri 1 9).GetProperty("items")
                    |> items
                    |> List.find (fun item -> item.GetProperty("label").GetString() = "block1.unit1")

                let edit = item.GetProperty "textEdit"
                equal ((1, 0), (1, 9)) (ends (edit.GetProperty "range"))
                equal "block1.unit1" (edit.GetProperty("newText").GetString())
            }
        ]
