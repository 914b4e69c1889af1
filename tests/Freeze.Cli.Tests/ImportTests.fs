/// freeze import: what a file of weights holds, and which net it fits.
module Freeze.Cli.Tests.ImportTests

open System
open System.IO
open System.Text
open Expecto
open Freeze.Cli.Tests.Command
open Freeze.Tests.Expectations

/// Writes a safetensors file of zeros, behind other entries of its header.
let private writeBehind (first: string list) (path: string) (tensors: (string * int list) list) =
    let entries, length =
        tensors
        |> List.mapFold
            (fun start (name, shape) ->
                let finish = start + 4 * List.fold (*) 1 shape
                let shape = shape |> List.map string |> String.concat ","

                $"\"{name}\":{{\"dtype\":\"F32\",\"shape\":[{shape}],\"data_offsets\":[{start},{finish}]}}",
                finish)
            0

    let header = Encoding.UTF8.GetBytes("{" + String.concat "," (first @ entries) + "}")

    File.WriteAllBytes(
        path,
        Array.concat [ BitConverter.GetBytes(int64 header.Length); header; Array.zeroCreate length ]
    )

/// Writes a safetensors file of zeros.
let write = writeBehind []

let private norm name channels =
    [
        for tensor in [ "weight"; "bias"; "running_mean"; "running_var" ] do
            $"{name}.{tensor}", [ channels ]

        $"{name}.num_batches_tracked", []
    ]

/// ResNet-20 with PyTorch's usual names.
let resnet20 (classes: int) : (string * int list) list =
    [
        "fc.weight", [ classes; 64 ]
        "fc.bias", [ classes ]
        "conv1.weight", [ 16; 3; 3; 3 ]
        yield! norm "bn1" 16
        for block in 1..3 do
            for unit in 0..2 do
                let name, width = $"layer{block}.{unit}", 8 * pown 2 block
                let before = if unit = 0 && block > 1 then width / 2 else width
                $"{name}.conv1.weight", [ width; before; 3; 3 ]
                yield! norm $"{name}.bn1" width
                $"{name}.conv2.weight", [ width; width; 3; 3 ]
                yield! norm $"{name}.bn2" width
    ]

let private fileOf name tensors =
    let path = Path.Combine(folder (), name)
    write path tensors
    path

[<Tests>]
let tests =
    testList
        "import"
        [
            test "a file's net is recognised by names and shapes, whatever its classes" {
                let path = fileOf "w.safetensors" (("aux.weight", [ 5 ]) :: resnet20 100)
                let whole = freeze [ "import"; fileOf "w.safetensors" (resnet20 100) ]
                contains "It fits resnet-20 with 100 classes, in the names of pytorch." whole.Text
                let output = freeze [ "import"; path ]
                equal 0 output.Code
                contains "275,577 numbers in 40 layers (F32)." output.Text

                contains
                    "It holds all of resnet-20, in the names of pytorch, but 1 tensor more: probably another net."
                    output.Text

                lacks "init from" output.Text
                contains "left over: aux.weight" output.Text
                matches @"block2.unit1.conv1 +layer2.0.conv1 +conv +32x16x3x3 +4,608" output.Text
                matches @"— +aux +norm +5 +5" output.Text
                isTrue (output.Text.IndexOf "block3.unit3.bn2 " < output.Text.IndexOf "layer3.2.bn2")

                let fit = (json (freeze [ "import"; path; "--json" ])).GetProperty "fit"
                equal "resnet-20" (fit.GetProperty("net").GetString())
                equal 100 (fit.GetProperty("classes").GetInt32())
                equal (fit.GetProperty("of").GetInt32()) (fit.GetProperty("found").GetInt32())
                isFalse (fit.GetProperty("whole").GetBoolean())
                equal "aux.weight" (fit.GetProperty("leftOver").[0].GetString())
            }

            test "a prefix of all names is passed over, and said; of the classifier nothing is needed" {
                let wrapped =
                    resnet20 100
                    |> List.map (fun (name, shape) ->
                        (if name.StartsWith "fc." then
                             name
                         else
                             "module.model." + name),
                        shape)

                let imported = freeze [ "import"; fileOf "w.safetensors" wrapped ]
                contains "It fits resnet-20 with 100 classes, in the names of pytorch." imported.Text
                contains "skipped before all its names: module.model." imported.Text
                lacks "left over" imported.Text
                matches @"block2.unit1.conv1 +module.model.layer2.0.conv1 +conv" imported.Text

                let body = wrapped |> List.filter (fun (name, _) -> name.StartsWith "module.")
                let path = fileOf "w.safetensors" body

                contains
                    "It fits resnet-20 without its classifier, in the names of pytorch."
                    (freeze [ "import"; path ]).Text

                let fit = (json (freeze [ "import"; path; "--json" ])).GetProperty "fit"
                equal "module.model." (fit.GetProperty("passedOver").GetString())
                equal "" (fit.GetProperty("lacking").GetString())
                equal 0 (fit.GetProperty("classes").GetInt32())
            }

            test
                "what it says can be written as it stands, and check, plan and run say what of it has another size" {
                let path = fileOf "w.safetensors" (resnet20 100)

                let said =
                    (freeze [ "import"; path ]).Text.Split '\n'
                    |> Array.filter _.StartsWith("    ")
                    |> String.concat "\n"

                let written =
                    file (
                        "data synthetic; images 20; test 20; validate 10; batch 10; epochs 1\n"
                        + said
                        + "\n"
                    )

                for command in [ [ "check" ]; [ "plan" ]; [ "run"; "--store"; folder () ] ] do
                    let output = freeze (command @ [ written ])
                    equal 0 output.Code
                    contains "note FRZ130: fc starts by its own scheme" output.Errors
                    lacks "warning" output.Errors

                contains "\"severity\": \"note\"" (freeze [ "check"; written; "--json" ]).Text
            }

            test "of a file that no net fits it names the nearest, or none" {
                let without =
                    resnet20 10 |> List.filter (fun (name, _) -> not (name.StartsWith "layer3.2"))

                let output = freeze [ "import"; fileOf "w.safetensors" without ]
                equal 0 output.Code

                contains
                    "nearest is resnet-20, in the names of pytorch, of which it has 53 of its 59"
                    output.Text

                contains "missing: layer3.2.conv1.weight, layer3.2.bn1.weight" output.Text

                let strange =
                    freeze [ "import"; fileOf "w.safetensors" [ "encoder.weight", [ 7; 7 ] ] ]

                equal 0 strange.Code
                contains "It fits no net of the library." strange.Text
                matches @"encoder +linear +7x7 +49" strange.Text
            }

            test "a file without a classifier fits, and one whose classifier is called linear" {
                let others = (resnet20 10).Tail.Tail
                let without = freeze [ "import"; fileOf "w.safetensors" others ]
                contains "It fits resnet-20 without its classifier, in the names of pytorch." without.Text
                contains "all: train init from" without.Text
                lacks "missing" without.Text

                let linear = ("linear.weight", [ 10; 64 ]) :: ("linear.bias", [ 10 ]) :: others

                contains
                    "It fits resnet-20 with 10 classes, in the names of akamaster."
                    (freeze [ "import"; fileOf "w.safetensors" linear ]).Text

                let torn = ("fc.weight", [ 10; 64 ]) :: ("fc.bias", [ 9 ]) :: others
                lacks "It fits" (freeze [ "import"; fileOf "w.safetensors" torn ]).Text
            }

            test "no net starts from a file that holds only what a run has learned" {
                let path = Path.Combine(folder (), "w.safetensors")
                writeBehind [ "\"__metadata__\":{\"borrowed\":\"{}\"}" ] path (resnet20 10)
                let output = freeze [ "import"; path ]
                contains "it holds only what the run has learned: freeze export writes all of it." output.Text
                lacks "init from" output.Text
            }

            test "a file that Freeze has written is one of its own names" {
                let store, path = folder (), Path.Combine(folder (), "w.safetensors")
                let written = file (quick + "net lenet\n")
                equal 0 (freeze [ "run"; written; "--store"; store ]).Code
                let hash = Path.GetFileName(Directory.GetDirectories(store)[0])
                equal 0 (freeze [ "export"; hash; "--safetensors"; path; "--store"; store ]).Code

                contains
                    "It fits lenet with 10 classes, in Freeze's own names."
                    (freeze [ "import"; path ]).Text
            }

            test "a pickle, a missing file and one of another kind are refused" {
                let refused name (content: string) (words: string) =
                    let path = Path.Combine(folder (), name)
                    File.WriteAllText(path, content)
                    let output = freeze [ "import"; path ]
                    equal 2 output.Code
                    contains words output.Errors

                refused "net.pth" "PK\003\004 and more" "torch.load('net.pth', 'cpu', weights_only=True)"
                refused "net.safetensors" "not at all such a file" "this is not a valid safetensors file"
                contains "it is a folder, not a file" (freeze [ "import"; folder () ]).Errors
                contains "there is no such file" (freeze [ "import"; "nowhere.safetensors" ]).Errors
            }
        ]
