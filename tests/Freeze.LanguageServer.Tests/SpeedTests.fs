/// How long answers take on a file of five hundred lines: printed, and no condition.
module Freeze.LanguageServer.Tests.SpeedTests

open System.Diagnostics
open Expecto
open Freeze.LanguageServer.Tests.Client
open Freeze.Tests.Expectations

/// Five hundred lines: nets, lets, and cases with rules and runs of their own.
let content =
    [
        "# Five hundred lines."
        "data cifar10; net wrn-16-2; epochs 5; batch 128"
        "optimizer sgd(lr 0.1, momentum 0.9, decay 5e-4)"
        "let p = [0.1, 0.4, 0.7]"
        "bn: train; rest: fixed"
        for i in 1..82 do
            $"case c{i} {{"
            "    # What learns in this case."
            $"    let k = {1 + i % 5}"
            "    first k layers: train p filters at random"
            "    fc: train lr 0.1x"
            "}"
        for _ in 1..3 do
            ""
    ]
    |> List.map (fun line -> line + "\n")
    |> String.concat ""

[<Tests>]
let tests =
    testSequenced
    <| testList
        "speed"
        [
            test "the time of each answer on five hundred lines is printed" {
                let client, uri = withText content
                use client = client
                isEmpty (client.Diagnostics(uri, 1))
                let lines = (content.Split '\n').Length - 1
                equal 500 lines

                let about () = object [ "textDocument", document uri ]

                let whole () =
                    object [ "textDocument", document uri; "range", range (0, 0) (lines, 0) ]

                let rename () =
                    let parameters = at uri 8 26
                    parameters["newName"] <- text "share"
                    parameters

                let questions =
                    [
                        "completion", (fun () -> at uri 250 4)
                        "hover", (fun () -> at uri 8 8)
                        "definition", (fun () -> at uri 8 26)
                        "references", (fun () -> at uri 8 26)
                        "rename", rename
                        "documentSymbol", about
                        "foldingRange", about
                        "semanticTokens/full", about
                        "formatting", about
                        "codeAction", whole
                        "inlayHint", whole
                        "codeLens", about
                    ]

                let mutable version = 1

                let measured (name: string, parameters: unit -> _) edit =
                    if edit then
                        version <- version + 1

                        client.Change(
                            uri,
                            version,
                            [ object [ "range", range (0, 1) (0, 1); "text", text "x" ] ]
                        )

                    let watch = Stopwatch.StartNew()
                    client.Request("textDocument/" + name, parameters ()) |> ignore
                    watch.Elapsed.TotalMilliseconds

                /// Behind an edit, so that the text is looked at anew, and once more.
                let time question =

                    let several edit =
                        let times = [ for _ in 1..3 -> measured question edit ] |> List.sort
                        times[1], times[2]

                    let afterEdit, worstAfterEdit = several true
                    let again, worst = several false

                    $"%-20s{fst question} %6.1f{afterEdit} ms after an edit (worst %.1f{worstAfterEdit}), %5.1f{again} ms again (worst %.1f{worst})"

                // The just-in-time compiler has its turn first.
                for question in questions do
                    measured question true |> ignore

                for question in questions do
                    printfn $"{time question}"
            }
        ]
