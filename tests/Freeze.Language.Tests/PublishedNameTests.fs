/// What a net's layers are called in files of weights: tables of names, and the nets of the library.
module Freeze.Language.Tests.PublishedNameTests

open Expecto
open Freeze
open Freeze.Language
open Freeze.Language.Syntax
open Freeze.Language.Tests.Files
open Freeze.Tests.Expectations

let private table (lines: (string * string) list) : NetNames.Table =
    let line (parts, name) =
        match
            NetNames.line
                {
                    Parts = at Span.Nowhere parts
                    Name = at Span.Nowhere name
                }
        with
        | Ok line -> line
        | Error diagnostic -> failwith diagnostic.Message

    {
        Publishers = [ "own" ]
        Lines = List.map line lines
    }

let private built (net: string) : NetChecker.Built =
    let definition = (NetLibrary.tryFind net).Value.Definition
    let call = Calls.bare (at Span.Nowhere net)

    NetChecker.check
        (fun found -> failwith $"{net}: {found.Message}")
        Values.Scope.Empty
        Values.Scope.Empty
        definition
        call
        [| 3; 64; 64 |]
        10
    |> Option.get

/// What a publisher calls a layer of a net.
let private called net publisher layer =
    let table =
        (built net).Names
        |> List.find (fun table -> List.contains publisher table.Publishers)

    NetNames.ofLayer table layer

let private entry name shape : StoredEntry =
    {
        Name = name
        Type = "F32"
        Shape = shape
        Start = 0L
        End = 0L
    }

/// ResNet-18's tensors by a publisher's names, "" for Freeze's own, each changed; those that become "" are left out.
let private fileOf publisher (change: string -> string) : StoredEntry[] =
    let name (weight: Weight) =
        let layer =
            if publisher = "" then
                weight.Layer
            else
                called "resnet-18" publisher weight.Layer

        change (layer + weight.Name.Substring weight.Layer.Length)

    Net.weights (built "resnet-18").Net
    |> Array.map (fun weight -> entry (name weight) (Array.map int64 weight.Shape))
    |> Array.filter (fun entry -> entry.Name <> "")

let private readAs net (tensors: StoredEntry[]) =
    let built = built net
    let weights = Net.weights built.Net

    weights,
    FileStarts.read
        built.Names
        weights
        {
            Digest = ""
            Tensors = tensors
            NotFinite = Set.empty
            IsPart = false
        }

let private isHead (name: string) =
    name.StartsWith "fc." || name.StartsWith "classifier."

let private without (prefix: string) (name: string) =
    if name.StartsWith prefix then
        name.Substring prefix.Length
    else
        name

/// All but the classifier behind a prefix.
let private apart prefix name =
    if isHead name then name else prefix + name

/// No classifier, and the rest behind a prefix.
let private bodyOf prefix name =
    if isHead name then "" else prefix + name

[<Tests>]
let tests =
    testList
        "names of publishers"
        [
            testTheory
                "a path is read from the left, by the first line that fits"
                [
                    "conv1", "stem"
                    "block2.unit1.conv1", "layer2.0.stem"
                    "block2.unit1.conv2", "layer2.0.conv2"
                    "block2.unit12.down.conv1", "layer2.11.shortcut.0"
                    // Nothing is one less than 0, and what is no number has no next one.
                    "block2.unit0.conv2", "block2.unit0.conv2"
                    "blocka.unitb.conv2", "blocka.unitb.conv2"
                    "block2", "block2"
                    "a.part.b", "a.b"
                    "tail7.fc", "t8-7x.fc"
                    "tail7x.fc", "tail7x.fc"
                ]
                (fun (layer, expected) ->
                    let own =
                        table
                            [
                                "block*.unit*.conv1.x", "never*.*"
                                "block*.unit*", "layer*.(*-1)"
                                "down.conv1", "shortcut.0"
                                "part", ""
                                "tail*", "t(*+1)-7x"
                                "conv1", "stem"
                            ]

                    equal expected (NetNames.ofLayer own layer))

            testTheory
                "the library's nets have the names of their publishers"
                [
                    "resnet-18", "torchvision", "conv1", "conv1"
                    "resnet-18", "timm", "block1.unit1.conv1", "layer1.0.conv1"
                    "resnet-18", "timm", "block2.unit1.downsample.bn1", "layer2.0.downsample.1"
                    "resnet-34", "torchvision", "fc", "fc"
                    "resnet-50", "hugging-face", "bn1", "resnet.embedder.embedder.normalization"
                    "resnet-50",
                    "hugging-face",
                    "block1.unit1.conv3",
                    "resnet.encoder.stages.0.layers.0.layer.2.convolution"
                    "resnet-50",
                    "hugging-face",
                    "block4.unit1.downsample.conv1",
                    "resnet.encoder.stages.3.layers.0.shortcut.convolution"
                    "resnet-50", "hugging-face", "fc", "classifier.1"
                    "resnet-20", "pytorch", "block3.unit3.bn2", "layer3.2.bn2"
                    "mobilenet-v2", "torchvision", "block1.unit1.project.bn1", "features.1.conv.2"
                    "mobilenet-v2", "torchvision", "block7.unit1.depth.conv1", "features.17.conv.1.0"
                    "mobilenet-v2", "timm", "block4.unit4.project.conv1", "blocks.3.3.conv_pwl"
                    "mobilenet-v2", "timm", "block1.unit1.project.conv1", "blocks.0.0.conv_pw"
                ]
                (fun (net, publisher, layer, expected) -> equal expected (called net publisher layer))

            test "a net has a thousand lines of names at most" {
                let net count =
                    let lines = String.concat "; " [ for i in 1..count -> $"c: \"x{i}\"" ]
                    $"net n {{ c: conv 4 3x3; fc: linear classes; names own {{ {lines} }} }}; net n"

                isEmpty (codes (net 1_000))
                equal [ "FRZ039" ] (codes (net 1_001))
            }

            test "a prefix of all names but the classifier's is passed over, or missing, or both" {
                let cases: (string * (string -> string) * string * string * bool) list =
                    [
                        "hugging-face", id, "", "", true
                        "hugging-face", without "resnet.", "", "resnet.", true
                        "hugging-face", without "resnet." >> (+) "module.", "module.", "resnet.", true
                        "hugging-face", (+) "model.", "model.", "", true
                        "torchvision", (+) "module.model.", "module.model.", "", true
                        "torchvision", apart "backbone.", "backbone.", "", true
                        "torchvision", bodyOf "backbone.", "backbone.", "", false
                        "hugging-face", bodyOf "" >> without "resnet.", "", "resnet.", false
                        "", (+) "model.", "model.", "", true
                    ]

                for publisher, change, passedOver, lacking, hasHead in cases do
                    let net, reading = fileOf publisher change |> readAs "resnet-18"
                    equal (passedOver, lacking) (reading.PassedOver, reading.Lacking)
                    isEmpty (FileStarts.leftOver net reading)
                    let held = reading.File.Tensors |> Seq.map _.Name |> Set.ofSeq

                    for weight in net do
                        equal (weight.Layer <> "fc" || hasHead) (held.Contains(reading.NameOf weight))
            }

            test "two nets in one file have no prefix, and counters and others beside the net do not hide it" {
                let twice name =
                    fileOf "torchvision" (fun tensor -> $"{name}.{tensor}")

                let read = readAs "resnet-18" >> snd
                equal "" (read (Array.append (twice "teacher") (twice "student"))).PassedOver

                let counter = entry "n_averaged" [||]
                equal "module." (read (Array.append (twice "module") [| counter |])).PassedOver
            }

            test "in no table two layers of a net have one name" {
                for entry in NetLibrary.all () do
                    if entry.Definition.Parameters.IsEmpty then
                        let net = built entry.Definition.Name.Value
                        let layers = Net.weights net.Net |> Array.map _.Layer |> Array.distinct

                        for table in net.Names do
                            let names = layers |> Array.map (NetNames.ofLayer table)
                            equal names (Array.distinct names)
            }
        ]
