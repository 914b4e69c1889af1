module Freeze.LanguageServer.Tests.LifecycleTests

open System.Text
open Expecto
open Freeze.LanguageServer.Tests.Client
open Freeze.Tests.Expectations

[<Tests>]
let tests =
    testList
        "lifecycle"
        [
            test "a server that is told to shut down ends with 0" {
                use client = silent ()
                let capabilities = client.Initialize().GetProperty "capabilities"
                equal "utf-16" (capabilities.GetProperty("positionEncoding").GetString())
                equal 0 (client.Shutdown())
            }

            test "an exit without a shutdown, and a stream that closes, end with 1" {
                use client = started ()
                client.Notify("exit", null)
                equal 1 (client.End())
                use other = started ()
                equal 1 (other.End())
            }

            test "before initialize and after shutdown nothing is answered" {
                use client = silent ()
                equal (-32002) (fst (client.Fails("textDocument/hover", json "{}")))
                client.Initialize() |> ignore
                equal (-32600) (fst (client.Fails("initialize", json "{}")))
                client.Request("shutdown", null) |> ignore
                equal (-32600) (fst (client.Fails("textDocument/hover", json "{}")))
            }

            test "an unknown method, wrong parameters and a document that is not open are errors" {
                use client = started ()
                equal (-32601) (fst (client.Fails("workspace/unheardOf", json "{}")))
                equal (-32602) (fst (client.Fails("textDocument/hover", json "{}")))
                equal (-32602) (fst (client.Fails("textDocument/hover", json "{ 'textDocument': 7 }")))
                equal (-32602) (fst (client.Fails("textDocument/hover", at "file:///nowhere.frz" 0 0)))
                equal (-32602) (fst (client.Fails("textDocument/hover", null)))
                equal 0 (client.Shutdown())
            }

            test "notifications that nobody knows, and wrong ones, are passed over" {
                use client = started ()
                client.Notify("$/unheardOf", json "{}")
                client.Notify("textDocument/didOpen", json "{ 'textDocument': {} }")
                client.Notify("textDocument/didChange", json "[]")

                client.Notify(
                    "textDocument/didClose",
                    json "{ 'textDocument': { 'uri': 'file:///nowhere' } }"
                )

                equal 0 (client.Shutdown())
            }

            test "a body that is no JSON is answered without an id, and the next message is heard" {
                use client = started ()
                client.Body "{ nonsense"
                let error = client.Unasked().GetProperty "error"
                equal (-32700) (error.GetProperty("code").GetInt32())
                equal 0 (client.Shutdown())
            }

            test "a header without a length ends the server with 1" {
                use client = started ()
                client.Raw(Encoding.ASCII.GetBytes "nonsense\r\n\r\n")
                equal (-32700) (client.Unasked().GetProperty("error").GetProperty("code").GetInt32())
                equal 1 (client.End())
            }

            test "requests that are cancelled while they wait are answered as cancelled, the others in order" {
                let client, uri = withText (String.replicate 200 "case a { conv1: fixed }\n")
                use client = client

                // In one piece, so that the cancellations arrive while the first request is worked on.
                let request id =
                    $"{{\"jsonrpc\":\"2.0\",\"id\":\"r{id}\",\"method\":\"textDocument/documentSymbol\",\"params\":{{\"textDocument\":{{\"uri\":\"{uri}\"}}}}}}"

                let cancel id =
                    $"{{\"jsonrpc\":\"2.0\",\"method\":\"$/cancelRequest\",\"params\":{{\"id\":\"r{id}\"}}}}"

                [
                    for id in 1..50 -> request id
                    for id in 2..49 -> cancel id
                ]
                |> List.map (fun body -> $"Content-Length: {Encoding.UTF8.GetByteCount body}\r\n\r\n{body}")
                |> String.concat ""
                |> Encoding.UTF8.GetBytes
                |> client.Raw

                let cancelled =
                    [ 1..50 ]
                    |> List.filter (fun id ->
                        match (client.Answer $"\"r{id}\"").TryGetProperty "error" with
                        | true, error -> error.GetProperty("code").GetInt32() = -32800
                        | false, _ -> false)

                excludes 50 cancelled
                isNotEmpty cancelled
                equal 0 (client.Shutdown())
            }

            test "an editor never loads libtorch" {
                let client, uri = withText "epochs 3\nconv1: fixed\n"
                use client = client
                isEmpty (client.Diagnostics(uri, 1))
                lacks "libtorch" client.Maps
                lacks "TorchSharp" client.Maps
            }
        ]
