/// What helps while a file is written: signatures, growing selections, symbols of the workspace, the way into built-in nets, and
/// quick fixes of warnings.
module Freeze.LanguageServer.Tests.AssistanceTests

open System.IO
open System.Text.Json
open Expecto
open Freeze.LanguageServer.Tests.Client
open Freeze.Tests.Expectations

/// The label of the signature at the `|` of a text, and its active parameter.
let private signature (marked: string) =
    let help = askAt "textDocument/signatureHelp" marked

    if help.ValueKind = JsonValueKind.Null then
        None
    else
        let signature = help.GetProperty("signatures").[0]
        let parameters = signature.GetProperty("parameters") |> items |> strings "label"
        let label = signature.GetProperty("label").GetString()

        for parameter in parameters do
            contains parameter label

        let active = help.GetProperty("activeParameter").GetInt32()
        Some(label, parameters |> List.tryItem active |> Option.defaultValue "")

/// The fixes of a text's messages of a code: the title of each, and the text after it.
let private offered (content: string) (code: string) : (string * string) list =
    let client, uri = sharedText content
    let lines = content.Split '\n'

    client.Request(
        "textDocument/codeAction",
        object
            [
                "textDocument", document uri
                "range", range (0, 0) (lines.Length, 0)
                "context", json "{ 'diagnostics': [] }"
            ]
    )
    |> items
    |> List.filter (fun action ->
        action.GetProperty("diagnostics").[0].GetProperty("code").GetString() = code)
    |> List.map (fun action ->
        let edits = action.GetProperty("edit").GetProperty("changes").GetProperty uri
        action.GetProperty("title").GetString(), applied (items edits) content)

[<Tests>]
let tests =
    testList
        "assistance"
        [
            test "a call shows what it takes, with the parameter that is being written" {
                let sgd = "sgd(lr 0.01, momentum 0.9, decay 0, nesterov off)"
                equal (Some(sgd, "lr 0.01")) (signature "optimizer sgd(|")
                equal (Some(sgd, "momentum 0.9")) (signature "optimizer sgd(lr 0.1, |")
                equal (Some(sgd, "decay 0")) (signature "optimizer sgd(lr 0.1, decay |)")
                equal (Some("wrn(depth, widen, drop = 0)", "widen")) (signature "net wrn(28, |)")
                equal (Some("step([60, 120], 0.2x)", "0.2x")) (signature "schedule step([1, 2], |")

                equal
                    (Some("mine(width, kernel = 3)", "kernel = 3"))
                    (signature "net mine(width, kernel = 3) { conv width 3x3; linear classes }\nnet mine(8, |")

                equal None (signature "optimizer |sgd(lr 0.1)")
                equal None (signature "# sgd(|")
                equal None (signature "let p = (1 + |")
            }

            test "a selection grows from the word to the file" {
                let content = "case a {\n    conv1: train max(0.1, 0.4) filters; epochs 3\n}\n"
                let client, uri = sharedText content

                let answer =
                    client.Request(
                        "textDocument/selectionRange",
                        object
                            [
                                "textDocument", document uri
                                "positions", System.Text.Json.Nodes.JsonArray(place 1 23)
                            ]
                    )

                let rec texts (selection: JsonElement) =
                    let (line, first), (lastLine, last) = ends (selection.GetProperty "range")
                    let lines = content.Split '\n'

                    let text =
                        if line = lastLine then
                            lines[line].Substring(first, last - first)
                        else
                            "…"

                    text
                    :: (match selection.TryGetProperty "parent" with
                        | true, parent -> texts parent
                        | false, _ -> [])

                equal
                    [
                        "0.1"
                        "0.1, 0.4"
                        "(0.1, 0.4)"
                        "max(0.1, 0.4)"
                        "train max(0.1, 0.4) filters"
                        "conv1: train max(0.1, 0.4) filters"
                        "…"
                        "…"
                        "…"
                        "…"
                    ]
                    (texts answer.[0])
            }

            test "the symbols of all files in the editor's folders are found by some of their letters" {
                let folder = folder ()

                File.WriteAllText(
                    Path.Combine(folder, "a.frz"),
                    "let portion = 0.4\nnet mine { linear classes }\n"
                )

                Directory.CreateDirectory(Path.Combine(folder, "inner")) |> ignore

                File.WriteAllText(
                    Path.Combine(folder, "inner", "b.frz"),
                    "case all { epochs 1 }\nprofile small { epochs 1 }\n"
                )

                Directory.CreateDirectory(Path.Combine(folder, "node_modules")) |> ignore
                File.WriteAllText(Path.Combine(folder, "node_modules", "c.frz"), "let hidden = 1\n")
                use client = silent ()

                client.Request(
                    "initialize",
                    object [ "processId", null; "rootUri", text (uriOf folder); "capabilities", json "{}" ]
                )
                |> ignore

                // As the editor has it, not the disk.
                client.Open(
                    uriOf (Path.Combine(folder, "a.frz")),
                    "let share = 0.4\nnet mine { linear classes }\n",
                    1
                )

                let found query =
                    client.Request("workspace/symbol", object [ "query", text query ])
                    |> items
                    |> strings "name"
                    |> List.sort

                equal [ "all"; "mine"; "share"; "small" ] (found "")
                equal [ "small" ] (found "SML")
                isEmpty (found "hidden")
                equal 0 (client.Shutdown())
            }

            test "a built-in net and the paths into it lead to its source" {
                let target (marked: string) =
                    let found = askAt "textDocument/definition" marked
                    let path = System.Uri(found.GetProperty("uri").GetString()).LocalPath
                    let (line, character), (_, last) = ends (found.GetProperty "range")

                    Path.GetFileName path,
                    (File.ReadAllLines path).[line].Substring(character, last - character)

                equal ("wrn.frz", "wrn") (target "data cifar10; net wrn|-28-4\n")
                equal ("lenet.frz", "conv2") (target "data mnist\nco|nv2: fixed\n")
                let file, label = target "data cifar10; net wrn-28-4\nblock2.unit1.conv|1: fixed\n"
                equal "wrn.frz" file
                equal "conv1" label
            }

            test "nothing is wrong with the source of a built-in net" {
                let found = askAt "textDocument/definition" "net le|net\n"
                let uri = found.GetProperty("uri").GetString()
                let client = shared ()
                client.Open(uri, File.ReadAllText(System.Uri(uri).LocalPath), 7)
                isEmpty (client.Diagnostics(uri, 7))
                client.Close uri
            }

            test "data sets are completed first" {
                let offered =
                    (askAt "textDocument/completion" "let d = mnist\ndata |").GetProperty("items")
                    |> items
                    |> strings "label"

                equal "mnist" offered.Head
                let place name = List.findIndex ((=) name) offered

                for set in [ "cifar10"; "tiny-imagenet"; "synthetic" ] do
                    isTrue (place set < place "folder" && place set < place "d")
            }

            testTheory
                "a warning can be heeded by an edit"
                [
                    "FRZ101", "conv1: train\nconv1: fixed\nrest: train\n", "conv1: fixed\nrest: train\n"
                    "FRZ102",
                    "conv1: train 0.01 filters; rest: fixed\n",
                    "conv1: train 0.01 filters at least 1; rest: fixed\n"
                    "FRZ103", "epochs 3; let p = 0.4; seed 2\n", "epochs 3; seed 2\n"
                    "FRZ103", "let p = 0.4\n# why\nepochs 3\n", "# why\nepochs 3\n"
                    "FRZ106", "epochs 3\nconv1: train from epoch 5\n", "epochs 3\nconv1: train\n"
                    "FRZ108", "bn: fixed\nepochs 3\n", "epochs 3\n"
                    "FRZ109", "keep best\n", "validate 5000; keep best\n"
                    "FRZ109", "validate test; keep best\n", "validate 5000; keep best\n"
                    "FRZ116", "conv2: zero\n", "conv2: fixed\n"
                    "FRZ002", "conv1: frozen\n", "conv1: fixed\n"
                ]
                (fun (code, before, after) ->
                    let title, content = (offered before code).Head
                    notEqual "" title
                    equal after content)

            testTheory
                "nothing is offered that removes more than what the warning is about"
                [
                    "FRZ103", "each layer i: train lr 0.1x\n"
                    "FRZ107", "epochs 3\nexpect accuracy { on 3, 4; mnist: 98, 99 }\n"
                ]
                (fun (code, content) -> equal [] (offered content code))
        ]
