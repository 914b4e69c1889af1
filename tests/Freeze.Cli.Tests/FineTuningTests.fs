/// The lines of docs/language.md, "Fine-tuning", from text to weights.
module Freeze.Cli.Tests.FineTuningTests

open System
open System.IO
open System.Text.RegularExpressions
open Expecto
open Freeze.Records
open Freeze.Cli.Tests.Command
open Freeze.Tests.Expectations

/// A step is an epoch, so that what a rule does to a rate can be read from one step.
let private text =
    "net n {
        conv1: conv 4 3x3 stride 2 no bias; bn1: bn; relu
        block2 { conv 4 3x3 stride 2 no bias; bn; relu }
        block3 { conv 6 3x3 stride 2 no bias; bn; relu }
        globalpool; fc: linear classes
     }
     net n; data synthetic; images 64; test 32 images; batch 64; epochs 1; optimizer sgd(lr 0.1, momentum 0)
     case before { }
     start from before
     case all { }
     case last { fc: train init torch; rest: fixed stats frozen }
     case end { block3, fc: train; rest: fixed stats frozen }
     case statistics { bn: train stats frozen }
     case norms { bn, fc: train; rest: fixed }
     case rates { each layer i: train lr 0.8x^(layers - i) }
     case blocks { conv1: train lr 0.01x; block2: train lr 0.1x }
     case unfreezing { each layer i: train from epoch layers + 1 - i stats frozen; epochs 4 }
     case solved { fc: solve ridge 1e-3 init torch; rest: fixed stats frozen }
     case copies { augment flip copies 4; fc: train; rest: fixed stats frozen; epochs 4 }
     case midway { start from unfreezing at epoch 2; all: fixed stats frozen }
     "
        .Replace("case before { }", "case before { start random }")

/// The command's messages, and of each run its tensors.
let private ran =
    lazy
        (let store = folder ()
         let output = freeze [ "run"; file text; "--store"; store; "--json" ]
         equal 0 output.Code

         let tensors =
             (items output).EnumerateArray()
             |> Seq.map (fun run ->
                 let path =
                     Path.Combine(store, run.GetProperty("hash").GetString(), "last.safetensors")

                 run.GetProperty("name").GetString(), WholeWeights.Read path)
             |> Map.ofSeq

         output.Errors, tensors)

/// What has moved since the net that a run started from.
let private moved name =
    let _, tensors = ran.Value

    tensors["before"]
    |> Seq.filter (fun entry -> entry.Value.Bytes <> tensors[name].[entry.Key].Bytes)
    |> Seq.map _.Key
    |> Set.ofSeq

let private named (pattern: string) =
    let _, tensors = ran.Value

    tensors["before"].Keys
    |> Seq.filter (fun name -> Regex.IsMatch(name, pattern))
    |> Set.ofSeq

[<Tests>]
let tests =
    testList
        "fine-tuning"
        [
            testTheory
                "what learns has moved, and nothing else"
                [
                    "all", "."
                    "last", "^fc"
                    "end", @"^(block3|fc)\..*(weight|bias)$"
                    "statistics", "(weight|bias)$"
                    "norms", @"bn|running|^fc"
                    "rates", "."
                    "blocks", "."
                    "unfreezing", "(weight|bias)$"
                    "solved", "^fc"
                    "copies", "^fc"
                    // After two of four epochs: of the last layer and the one before it.
                    "midway", @"^(block3|fc)\..*(weight|bias)$"
                ]
                (fun (name, pattern) ->
                    // Block3 alone, fc in the first epoch too; norms in frozen blocks keep their statistics.
                    let expected =
                        match name with
                        | "end" -> named pattern + named @"^block3\.bn1\.running"
                        | _ -> named pattern

                    equal expected (moved name))

            testTheory
                "rates are those of the rule"
                [
                    "rates", "conv1", 0.512
                    "rates", "block2.conv1", 0.64
                    "rates", "block3.bn1", 0.8
                    "rates", "fc", 1.0
                    "blocks", "conv1", 0.01
                    "blocks", "block2.conv1", 0.1
                    "blocks", "block3.conv1", 1.0
                ]
                (fun (name, layer, factor) ->
                    let _, tensors = ran.Value

                    let values run =
                        tensors[run].[$"{layer}.weight"].ToSingles()

                    let start = values "before"

                    let length run =
                        Array.map2 (fun (a: float32) b -> float (a - b)) (values run) start
                        |> Array.sumBy (fun difference -> difference * difference)
                        |> sqrt

                    let found = length name / length "all"
                    isTrue (abs (found / factor - 1.0) < 1e-3))

            test "fixed fronts are computed once, of varying images their copies" {
                let errors, _ = ran.Value

                contains "computing the outputs of globalpool1 for 4 copies of each image once" errors
                // Of `last`, `solved`, and of `end` and `midway` up to other nodes.
                isTrue (Regex.Count(errors, "computing the outputs of") >= 4)
            }
        ]
