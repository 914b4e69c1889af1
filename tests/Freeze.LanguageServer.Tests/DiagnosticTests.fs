module Freeze.LanguageServer.Tests.DiagnosticTests

open System
open System.IO
open System.Text
open Expecto
open Freeze.LanguageServer.Tests.Client
open Freeze.Tests.Expectations

let private codes = strings "code"

[<Tests>]
let tests =
    testList
        "diagnostics"
        [
            test "diagnostics come with place, code, severity and what would be right" {
                let client, uri = withText "epochs 3\nblok1: fixed\nlet unused = 3\n"
                use client = client

                match client.Diagnostics(uri, 1) with
                | [ error ] ->
                    equal "FRZ012" (error.GetProperty("code").GetString())
                    equal 1 (error.GetProperty("severity").GetInt32())
                    equal ((1, 0), (1, 5)) (ends (error.GetProperty "range"))

                    startsWith
                        "unknown selector `blok1`: net lenet has"
                        (error.GetProperty("message").GetString())
                | other -> failwith $"{other}"

                client.Replace(uri, 2, "epochs 3\nlet unused = 3\n")

                match client.Diagnostics(uri, 2) with
                | [ warning ] ->
                    equal "FRZ103" (warning.GetProperty("code").GetString())
                    equal 2 (warning.GetProperty("severity").GetInt32())
                | other -> failwith $"{other}"
            }

            test "a note is information: a file of weights has no classifier, and more than the net" {
                let folder = folder ()

                // Of LeNet's layers the convolutions and the first linear one, as zeros, and a tensor of no use.
                let shapes =
                    [
                        "conv1.weight", [ 20; 1; 5; 5 ]
                        "conv1.bias", [ 20 ]
                        "conv2.weight", [ 50; 20; 5; 5 ]
                        "conv2.bias", [ 50 ]
                        "fc1.weight", [ 500; 800 ]
                        "fc1.bias", [ 500 ]
                        "aux", [ 1 ]
                    ]

                let entries, length =
                    (0, shapes)
                    ||> List.mapFold (fun start (name, shape) ->
                        let finish = start + 4 * List.fold (*) 1 shape
                        let shape = shape |> List.map string |> String.concat ","

                        $"\"{name}\":{{\"dtype\":\"F32\",\"shape\":[{shape}],\"data_offsets\":[{start},{finish}]}}",
                        finish)

                let header = Encoding.UTF8.GetBytes("{" + String.concat "," entries + "}")

                File.WriteAllBytes(
                    Path.Combine(folder, "w.safetensors"),
                    Array.concat
                        [ BitConverter.GetBytes(int64 header.Length); header; Array.zeroCreate length ]
                )

                use client = started ()
                let uri = uriOf (Path.Combine(folder, "test.frz"))
                client.Open(uri, "net lenet\nall: train init from \"w.safetensors\"\n", 1)
                let notes = client.Diagnostics(uri, 1)
                equal [ "FRZ130"; "FRZ131" ] (List.sort (codes notes))

                for note in notes do
                    equal 3 (note.GetProperty("severity").GetInt32())
                    equal ((1, 21), (1, 36)) (ends (note.GetProperty "range"))
            }

            test "a rule that is typed letter by letter is valid in the end, and only then" {
                let client, uri = withText "net lenet\n"
                use client = client
                isEmpty (client.Diagnostics(uri, 1))
                let rule = "conv2: train 0.4 filters at random"

                rule
                |> Seq.iteri (fun i letter ->
                    client.Change(
                        uri,
                        i + 2,
                        [ object [ "range", range (1, i) (1, i); "text", text (string letter) ] ]
                    ))

                isEmpty (client.Diagnostics(uri, rule.Length + 1))

                // One letter less is a mistake.
                let last = rule.Length

                client.Change(
                    uri,
                    last + 2,
                    [ object [ "range", range (1, last - 1) (1, last); "text", text "" ] ]
                )

                equal [ "FRZ002" ] (codes (client.Diagnostics(uri, last + 2)))
            }

            test "an import that is open in another tab is read from there" {
                use client = started ()
                let folder = folder ()

                let common, main =
                    Path.Combine(folder, "common.frz"), Path.Combine(folder, "main.frz")

                File.WriteAllText(common, "epochs 3\n")
                client.Open(uriOf main, "import \"common.frz\"\nconv1: fixed\n", 1)
                isEmpty (client.Diagnostics(uriOf main, 1))

                // Not saved.
                client.Open(uriOf common, "epoch 3\n", 1)
                let found = client.Diagnostics(uriOf common, 1)
                equal [ "FRZ010" ] (codes found)
                equal ((0, 0), (0, 5)) (ends (found.Head.GetProperty "range"))

                client.Replace(uriOf common, 2, "epochs 4\n")
                isEmpty (client.Diagnostics(uriOf common, 2))
            }

            test "a mistake in an imported file is shown there, and gone when it is no longer imported" {
                use client = started ()
                let folder = folder ()

                let common, main =
                    Path.Combine(folder, "common.frz"), Path.Combine(folder, "main.frz")

                File.WriteAllText(common, "epoch 3\n")
                client.Open(uriOf main, "import \"common.frz\"\nconv1: fixed\n", 1)
                equal [ "FRZ010" ] (codes (client.NextDiagnostics(uriOf common)))
                client.Replace(uriOf main, 2, "conv1: fixed\n")
                isEmpty (client.NextDiagnostics(uriOf common))
            }

            test "a mistake under a profile alone is shown with the profile's name" {
                let client, uri = withText "epochs 3\nprofile quick { epochs 0 }\n"
                use client = client

                match client.Diagnostics(uri, 1) with
                | [ error ] -> startsWith "under profile quick: " (error.GetProperty("message").GetString())
                | other -> failwith $"{other}"
            }

            test "a closed document has no diagnostics" {
                let client, uri = withText "epoch 3\n"
                use client = client
                isNotEmpty (client.Diagnostics(uri, 1))
                client.Close uri
                isEmpty (client.NextDiagnostics uri)
            }

            test "a document without a file, one with NUL and one of two MiB are answered" {
                use client = started ()
                let uri = "untitled:Untitled-1"
                client.Open(uri, "epoch 3\n", 1)
                equal [ "FRZ010" ] (codes (client.Diagnostics(uri, 1)))
                client.Replace(uri, 2, "epochs\000 3\n")
                equal [ "FRZ001" ] (codes (client.Diagnostics(uri, 2)))
                client.Replace(uri, 3, String.replicate 2_000_000 "#")
                equal [ "FRZ001" ] (codes (client.Diagnostics(uri, 3)))
                client.Change(uri, 4, [ object [ "range", range (0, 1) (0, 2_000_000); "text", text "" ] ])
                // A comment of one letter.
                equal [ "FRZ120" ] (codes (client.Diagnostics(uri, 4)))
            }

            test "the earlier of two settings is related information" {
                let client, uri = withText "epochs 3\r\nepochs 4\r\n"
                use client = client
                let found = client.Diagnostics(uri, 1)
                let related = found.Head.GetProperty("relatedInformation").[0]
                equal "first set here" (related.GetProperty("message").GetString())
                equal ((0, 0), (0, 6)) (ends (related.GetProperty("location").GetProperty "range"))
                equal ((1, 0), (1, 6)) (ends (found.Head.GetProperty "range"))
            }

            test "a code action brings the name that was meant" {
                let client, uri =
                    withText "net lenet\nconv1: train 2 filtrs; fc9: fixed\nepohcs 3\n"

                use client = client

                let actions line first last =
                    client.Request(
                        "textDocument/codeAction",
                        object
                            [
                                "textDocument", document uri
                                "range", range (line, first) (line, last)
                                "context", json "{ 'diagnostics': [] }"
                            ]
                    )
                    |> items

                let titles line first last =
                    strings "title" (actions line first last)

                equal [ "Change to `filters`" ] (titles 1 17 17)
                equal [ "Change to `epochs`" ] (titles 2 0 8)
                isEmpty (titles 0 0 9)

                let edits =
                    (List.exactlyOne (actions 2 0 0)).GetProperty("edit").GetProperty("changes").GetProperty
                        uri
                    |> items

                equal
                    "epochs 3\n"
                    (applied edits "net lenet\nconv1: train 2 filtrs; fc9: fixed\nepohcs 3\n"
                     |> _.Split('\n').[2]
                     |> fun line -> line + "\n")
            }

            test "an import of standard input or of a device is refused, and the server goes on" {
                let client, uri =
                    withText "import \"../../../../../../dev/stdin\"\nimport \"../../../../../../dev/zero\"\n"

                use client = client
                equal [ "FRZ018"; "FRZ018" ] (codes (client.Diagnostics(uri, 1)))
                equal 0 (client.Shutdown())
            }

            test "only files whose diagnostics differ are published anew" {
                use client = started ()
                let folder = folder ()

                let a, b =
                    uriOf (Path.Combine(folder, "a.frz")), uriOf (Path.Combine(folder, "b.frz"))

                client.Open(a, "epoch 3\n", 1)
                isNotEmpty (client.Diagnostics(a, 1))
                client.Open(b, "batch 0\n", 1)
                // The next that is said is of b, for nothing has changed in a.
                equal b (client.NextPublished())
                client.Replace(b, 2, "batch 1\n")
                equal b (client.NextPublished())
            }
        ]
