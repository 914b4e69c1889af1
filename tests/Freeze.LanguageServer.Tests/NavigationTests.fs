module Freeze.LanguageServer.Tests.NavigationTests

open System.IO
open System.Text.Json
open Expecto
open Freeze.LanguageServer.Tests.Client
open Freeze.Tests.Expectations

/// A client with `main.frz`, which imports `common.frz`, both open.
let private two (common: string) (main: string) =
    let client = shared ()
    let folder = folder ()

    let commonUri, mainUri =
        uriOf (Path.Combine(folder, "common.frz")), uriOf (Path.Combine(folder, "main.frz"))

    File.WriteAllText(Path.Combine(folder, "common.frz"), common)
    client.Open(commonUri, common, 1)
    client.Open(mainUri, "import \"common.frz\"\n" + main, 1)
    client, commonUri, mainUri

let private places (element: JsonElement) =
    element
    |> items
    |> List.map (fun location ->
        let (line, character), _ = ends (location.GetProperty "range")
        Path.GetFileName(location.GetProperty("uri").GetString()), line, character)

let private references (client: Client) uri line character withDefinition =
    let parameters = at uri line character

    parameters["context"] <-
        json (
            if withDefinition then
                "{ 'includeDeclaration': true }"
            else
                "{ 'includeDeclaration': false }"
        )

    places (client.Request("textDocument/references", parameters))

let private rename uri line character (name: string) =
    let parameters = at uri line character
    parameters["newName"] <- text name
    parameters

let private definition (client: Client) uri line character =
    places (client.Request("textDocument/definition", at uri line character))

[<Tests>]
let tests =
    testList
        "navigation"
        [
            test "an axis that a plot is against is the let, and a measure is none" {
                let client, common, _ =
                    two
                        "let p = [0.4, 1]\n"
                        "conv1: train p filters\nrest: fixed\nreport { plot loss against p (log) for p; plot loss against trained parameters }\n"

                equal
                    [ "common.frz", 0, 4; "main.frz", 1, 13; "main.frz", 3, 27; "main.frz", 3, 39 ]
                    (references client common 0 4 true)
            }

            test "a let is defined in the import and used in both files" {
                let client, common, main =
                    two "let p = 0.4\nconv1: train p filters\n" "conv2: train p filters\nrest: fixed\n"

                equal [ "common.frz", 0, 4 ] (definition client main 1 13)

                let all = [ "common.frz", 0, 4; "common.frz", 1, 13; "main.frz", 1, 13 ]
                equal all (references client main 1 13 true)
                equal all (references client common 0 4 true)
                equal (List.tail all) (references client common 0 4 false)
            }

            test "a rename goes through both files and leaves their meaning" {
                let common, main =
                    "let p = 0.4\nconv1: train p filters\n",
                    "conv2: train p filters\nrest: fixed\nreport { table accuracy by case }\n"

                let client, commonUri, mainUri = two common main

                let changes =
                    client.Request("textDocument/rename", rename mainUri 1 13 "share").GetProperty "changes"

                let after (uri: string) content =
                    applied (items (changes.GetProperty uri)) content

                equal "let share = 0.4\nconv1: train share filters\n" (after commonUri common)
                contains "conv2: train share filters\n" (after mainUri ("import \"common.frz\"\n" + main))
            }

            test "nets, cases, parameters and profiles are renamed where they stand" {
                let content =
                    "net small(width) {\n    conv width 3x3; linear classes\n}\n"
                    + "case tiny { net small-8 }\ncase large { net small(16) }\n"
                    + "expect accuracy 90 on tiny\nprofile quick { epochs 1 }\n"

                let client, uri = sharedText content

                let after line character name =
                    let changes =
                        client
                            .Request("textDocument/rename", rename uri line character name)
                            .GetProperty("changes")

                    applied (items (changes.GetProperty uri)) content

                equal (content.Replace("small", "mine")) (after 0 5 "mine")
                equal (content.Replace("width", "filters")) (after 1 10 "filters")
                equal (content.Replace("tiny", "little")) (after 3 6 "little")
                equal (content.Replace("quick", "fast")) (after 6 9 "fast")
            }

            test "a let of two cases belongs to each alone, unless something outside uses it" {
                let client, uri =
                    sharedText
                        "case a { let i = 1..4; layer i: fixed }\ncase b { let i = 1..2; layer i: fixed }\n"

                equal 2 (references client uri 0 13 true).Length

                client.Replace(
                    uri,
                    2,
                    "case a { let i = 1; layer i: fixed }\ncase b { let i = 2 }\nlayer i: zero\nlet i = 3\n"
                )

                equal 5 (references client uri 0 13 true).Length
            }

            test "a rename that would change the meaning is refused, and so is what is no name" {
                let client, uri =
                    sharedText "let a = 3; let b = 4\nbatch a; epochs b\nlet stray = 1\n"

                for name in [ "b"; "mnist"; "epochs"; ""; "a b"; "1a"; "a-"; "ü" ] do
                    let code, message = client.Fails("textDocument/rename", rename uri 0 4 name)
                    equal (-32803) code
                    notEqual "" message

                equal (-32803) (fst (client.Fails("textDocument/rename", rename uri 1 1 "x")))

                let prepared = client.Request("textDocument/prepareRename", at uri 1 6)
                equal "a" (prepared.GetProperty("placeholder").GetString())
                equal JsonValueKind.Null (client.Request("textDocument/prepareRename", at uri 1 1).ValueKind)
            }

            test "an import leads to its file, and is a reference of it" {
                let client, _, main = two "epochs 3\n" "conv1: fixed\n"
                let found = client.Request("textDocument/definition", at main 0 10)
                endsWith "common.frz" (found.GetProperty("uri").GetString())
                equal [ "main.frz", 0, 7 ] (references client main 0 10 true)
            }

            test "the file of a run that others start from is led to, and what changes there is seen" {
                let client = shared ()
                let folder = folder ()

                let other, main =
                    uriOf (Path.Combine(folder, "other.frz")), uriOf (Path.Combine(folder, "main.frz"))

                File.WriteAllText(Path.Combine(folder, "other.frz"), "data mnist-sample\n")
                client.Open(main, "data mnist-sample\nstart from \"other.frz\"\n", 1)
                let found = client.Request("textDocument/definition", at main 1 14)
                endsWith "other.frz" (found.GetProperty("uri").GetString())
                isEmpty (client.Diagnostics(main, 1))
                client.Open(other, "data mnist-sample; seed 1..2\n", 1)
                equal [ "FRZ050" ] (client.Diagnostics(main, 1) |> strings "code")
            }

            test "a case that others start from is one name" {
                let client, uri = sharedText "case before { }\ncase fine { start from before }\n"

                equal
                    2
                    (items (client.Request("textDocument/documentHighlight", at uri 1 24))
                     |> List.length)
            }

            test "a path of a rule leads to the part of the file's own net" {
                let client, uri =
                    sharedText
                        "net mine {\n    block1 { conv1: conv 8 3x3; bn }\n    fc: linear classes\n}\nnet mine\nblock1.conv1: fixed\n"

                let found (character: int) =
                    fst (
                        ends (
                            client.Request("textDocument/definition", at uri 5 character).GetProperty "range"
                        )
                    )

                equal (1, 13) (found 8)
                equal (1, 4) (found 2)
            }

            test "the places of a name are highlighted" {
                let client, uri = sharedText "let p = 0.4\nconv1: train p filters; rest: fixed\n"

                equal
                    2
                    (items (client.Request("textDocument/documentHighlight", at uri 0 4))
                     |> List.length)

                isEmpty (items (client.Request("textDocument/documentHighlight", at uri 1 1)))
            }
        ]
