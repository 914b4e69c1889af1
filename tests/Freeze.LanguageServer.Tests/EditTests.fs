/// A server that has seen thousands of edits knows what one knows that has just opened the text.
module Freeze.LanguageServer.Tests.EditTests

open System
open System.IO
open System.Text
open System.Text.Json.Nodes
open Expecto
open Freeze.LanguageServer.Tests.Client
open Freeze.Tests.Expectations

/// An editor's own copy of the text, by the rules of the protocol alone.
type private Mirror() =
    let mutable text = ""

    let lineStarts () =
        [|
            0
            for i in 0 .. text.Length - 1 do
                if
                    text[i] = '\n'
                    || (text[i] = '\r' && not (i + 1 < text.Length && text[i + 1] = '\n'))
                then
                    i + 1
        |]

    let offset (line: int, character: int) =
        let starts = lineStarts ()

        if line < 0 then
            0
        elif line >= starts.Length then
            text.Length
        else
            let mutable finish = starts[line]

            while finish < text.Length && text[finish] <> '\n' && text[finish] <> '\r' do
                finish <- finish + 1

            starts[line] + (max 0 character |> min (finish - starts[line]))

    member _.Text
        with get () = text
        and set value = text <- value

    member _.Lines = (lineStarts ()).Length

    member _.Replace(first, last, replacement: string) =
        let a, b = offset first, offset last
        let a, b = min a b, max a b
        text <- text.Substring(0, a) + replacement + text.Substring b

let private pieces =
    [|
        "conv1: fixed\n"
        "epochs 3"
        "case a {"
        "}"
        "let p = [0.1, 0.4]\n"
        "net lenet; "
        "train p filters"
        "("
        "\""
        "#"
        ":"
        " "
        "\n"
        "\r\n"
        "\r"
        "e"
        ""
        "😀"
        // Halves of a surrogate pair, of which F# has no literals.
        string (char 0xd83d)
        string (char 0xde00)
        "\000"
        "import \"test.frz\"\n"
        "block*.conv"
        "1..4"
        "[1, 2]"
    |]

/// The body of a change; JSON is written by hand, since no writer writes half a surrogate pair.
let private change (uri: string) (version: int) range (text: string) =
    let escaped = StringBuilder()

    for c in text do
        escaped.Append $"\\u{int c:x4}" |> ignore

    let range =
        match range with
        | Some((a, b), (c, d)) ->
            $"\"range\":{{\"start\":{{\"line\":{a},\"character\":{b}}},\"end\":{{\"line\":{c},\"character\":{d}}}}},"
        | None -> ""

    $"{{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/didChange\",\"params\":{{\"textDocument\":{{\"uri\":\"{uri}\",\"version\":{version}}},\"contentChanges\":[{{{range}\"text\":\"{escaped}\"}}]}}}}"

let private questions =
    [ "documentSymbol"; "semanticTokens/full"; "foldingRange"; "formatting" ]

[<Tests>]
let tests =
    testList
        "edits"
        [
            test "after ten thousand random edits the state is that of a text just opened" {
                let random = Random 7

                let examples =
                    Directory.GetFiles(Path.Combine(root, "dsl-examples"), "*.frz") |> Array.sort

                use client = started ()
                let folder = folder ()

                let edited, fresh =
                    uriOf (Path.Combine(folder, "edited.frz")), uriOf (Path.Combine(folder, "fresh.frz"))

                let mirror = Mirror()
                mirror.Text <- File.ReadAllText examples[0]
                client.Open(edited, mirror.Text, 0)

                let same () =
                    // By way of the same escapes, so that halves of pairs arrive.
                    client.Open(fresh, "", 0)
                    client.Body(change fresh 1 None mirror.Text)

                    for question in questions do
                        let ask uri =
                            client
                                .Request("textDocument/" + question, object [ "textDocument", document uri ])
                                .GetRawText()

                        equal (ask fresh) (ask edited)

                    client.Close fresh

                for number in 1..10_000 do
                    let line () = random.Next(-2, mirror.Lines + 3)
                    let character () = random.Next(-2, 40)

                    match random.Next 100 with
                    // The whole text anew, so that it is Freeze again.
                    | 0 ->
                        mirror.Text <- File.ReadAllText examples[random.Next examples.Length]
                        client.Body(change edited number None mirror.Text)
                    | 1 ->
                        // Cancelled before it is asked, while it waits, or too late.
                        let id = client.Send("textDocument/hover", at edited (line ()) (character ()))
                        client.Notify("$/cancelRequest", object [ "id", JsonNode.Parse id ])
                    | 2 ->
                        client.Send("textDocument/completion", at edited (line ()) (character ()))
                        |> ignore
                    | 3 ->
                        // No range at all: it is no change, and none is made.
                        client.Body(
                            (change edited number (Some((0, 0), (0, 0))) "x")
                                .Replace("\"start\"", "\"begin\"")
                        )
                    | kind ->
                        let first = line (), character ()

                        let last =
                            if kind < 60 then first
                            elif kind < 70 then line (), character ()
                            else fst first, snd first + random.Next 4

                        let piece = pieces[random.Next pieces.Length]
                        mirror.Replace(first, last, piece)
                        // Versions out of order, and the same twice.
                        client.Body(
                            change
                                edited
                                (if kind = 50 then random.Next 100 else number)
                                (Some(first, last))
                                piece
                        )

                    if number % 250 = 0 then
                        same ()

                same ()
                equal 0 (client.Shutdown())
            }
        ]
