module Freeze.LanguageServer.Tests.DisplayTests

open System.IO
open System.Text.Json
open Expecto
open Freeze.LanguageServer.Tests.Client
open Freeze.Tests.Expectations

let private content =
    "# One line\n# and another.\ndata mnist; net lenet\nlet p = [0.1, 0.4]\ncase part {\n    conv1: train p filters\n    rest: fixed\n}\nprofile quick { epochs 1 }\n"

let private about uri = object [ "textDocument", document uri ]

let private within uri first last =
    object [ "textDocument", document uri; "range", range (first, 0) (last, 0) ]

/// Tokens as text and type.
let private tokens (client: Client) (capabilities: JsonElement) uri (content: string) =
    let types =
        capabilities.GetProperty("semanticTokensProvider").GetProperty("legend").GetProperty("tokenTypes")
        |> items
        |> List.map _.GetString()

    let lines = content.Split '\n'

    client.Request("textDocument/semanticTokens/full", about uri).GetProperty("data")
    |> items
    |> List.map _.GetInt32()
    |> List.chunkBySize 5
    |> List.fold
        (fun (line, character, found) numbers ->
            match numbers with
            | [ lines'; characters; length; kind; _ ] ->
                let character = if lines' = 0 then character + characters else characters
                let line = line + lines'
                line, character, (lines[line].Substring(character, length), types[kind]) :: found
            | _ -> failwith "tokens are five numbers each")
        (0, 0, [])
    |> fun (_, _, found) -> List.rev found

[<Tests>]
let tests =
    testList
        "display"
        [
            test "the outline has settings, lets, cases with their rules, and profiles" {
                let client, uri = sharedText content
                let symbols = items (client.Request("textDocument/documentSymbol", about uri))
                equal [ "data"; "net"; "p"; "part"; "quick" ] (strings "name" symbols)
                equal [ "conv1"; "rest" ] (strings "name" (items (symbols[3].GetProperty "children")))

                for symbol in symbols do
                    let (start, finish), (first, last) =
                        ends (symbol.GetProperty "range"), ends (symbol.GetProperty "selectionRange")

                    isTrue (start <= first && last <= finish)
            }

            test "blocks and runs of comments fold, and the closing brace stays in sight" {
                let client, uri = sharedText content

                let folds =
                    items (client.Request("textDocument/foldingRange", about uri))
                    |> List.map (fun fold ->
                        fold.GetProperty("startLine").GetInt32(), fold.GetProperty("endLine").GetInt32())
                    |> List.sort

                equal [ 0, 1; 4, 6 ] folds
            }

            test "semantic tokens know settings, parts, lets, nets and actions" {
                use client = silent ()
                let capabilities = client.Initialize().GetProperty "capabilities"
                let uri = "untitled:a"
                client.Open(uri, content, 1)
                let found = tokens client capabilities uri content

                for expected in
                    [
                        "# One line", "comment"
                        "data", "property"
                        "0.1", "number"
                        "case", "keyword"
                        "part", "namespace"
                        "conv1", "enumMember"
                        "train", "keyword"
                        "p", "variable"
                        "filters", "type"
                    ] do
                    includes expected found
            }

            test "formatting brings the canonical text, and only where lines differ" {
                let untidy = "data mnist   # digits\nepochs   3;net lenet\nbatch 64\nconv1:fixed\n"
                let client, uri = sharedText untidy
                let options = json "{ 'tabSize': 4, 'insertSpaces': true }"
                let parameters = about uri
                parameters["options"] <- options
                let edits = items (client.Request("textDocument/formatting", parameters))

                equal
                    "data mnist  # digits\nepochs 3; net lenet\nbatch 64\nconv1: fixed\n"
                    (applied edits untidy)

                equal 2 edits.Length

                let ranged = within uri 3 4
                ranged["options"] <- json "{ 'tabSize': 4, 'insertSpaces': true }"
                let edits = items (client.Request("textDocument/rangeFormatting", ranged))
                equal (untidy.Replace("conv1:fixed", "conv1: fixed")) (applied edits untidy)

                // A text that cannot be read is left as it is.
                client.Replace(uri, 2, "epochs   3\nconv1: frozen\n")
                isEmpty (items (client.Request("textDocument/formatting", about uri)))
            }

            test "formatting keeps the document's line ends" {
                let client, uri = sharedText "epochs   3\r\nbatch  2\r\n"
                let edits = items (client.Request("textDocument/formatting", about uri))
                equal "epochs 3\r\nbatch 2\r\n" ((List.exactlyOne edits).GetProperty("newText").GetString())
            }

            test "hints say how many scalars learn, and how many runs a case has" {
                let client, uri = sharedText content

                let hints =
                    items (client.Request("textDocument/inlayHint", within uri 0 99))
                    |> List.map (fun hint ->
                        let place = hint.GetProperty "position"

                        place.GetProperty("line").GetInt32(),
                        place.GetProperty("character").GetInt32(),
                        hint.GetProperty("label").GetString())

                equal [ 4, 9, "2 runs"; 5, 26, "52–208 learn"; 6, 15, "430,560 fixed" ] hints

                equal 1 (items (client.Request("textDocument/inlayHint", within uri 4 4))).Length
            }

            test "plan and run stand above the file and above a profile, for editors that have the commands" {
                let client, uri = sharedText content

                let lenses =
                    items (client.Request("textDocument/codeLens", about uri))
                    |> List.map (fun lens ->
                        let command = lens.GetProperty "command"

                        fst (fst (ends (lens.GetProperty "range"))),
                        command.GetProperty("title").GetString(),
                        command.GetProperty("command").GetString(),
                        command.GetProperty("arguments").GetArrayLength())

                equal
                    [
                        2, "plan", "freeze.plan", 1
                        2, "run 2 runs", "freeze.run", 1
                        8, "plan", "freeze.plan", 2
                        8, "run", "freeze.run", 2
                    ]
                    lenses

                use other = silent ()
                other.Request("initialize", json "{ 'capabilities': {} }") |> ignore
                other.Open(uri, content, 1)
                isEmpty (items (other.Request("textDocument/codeLens", about uri)))
            }

            test "every example has answers to every question" {
                use client = started ()

                for path in Directory.GetFiles(Path.Combine(root, "dsl-examples"), "*.frz") do
                    let uri = uriOf path
                    let content = File.ReadAllText path
                    client.Open(uri, content, 1)

                    for method in
                        [
                            "documentSymbol"
                            "foldingRange"
                            "formatting"
                            "codeLens"
                            "semanticTokens/full"
                        ] do
                        client.Request("textDocument/" + method, about uri) |> ignore

                    isEmpty (items (client.Request("textDocument/formatting", about uri)))
                    client.Request("textDocument/inlayHint", within uri 0 99) |> ignore
                    client.Request("textDocument/codeAction", within uri 0 99) |> ignore

                    content.Split '\n'
                    |> Array.iteri (fun line text ->
                        for character in List.distinct [ 0; text.Length / 2; text.Length ] do
                            for method in [ "hover"; "completion"; "definition"; "documentHighlight" ] do
                                client.Request("textDocument/" + method, at uri line character) |> ignore)

                    client.Close uri

                equal 0 (client.Shutdown())
            }
        ]
