module Freeze.LanguageServer.Tests.JsonRpcTests

open System.IO
open System.Text
open Expecto
open Freeze.LanguageServer
open Freeze.LanguageServer.JsonRpc
open Freeze.Tests.Expectations

let private read (text: string) =
    use stream = new MemoryStream(Encoding.UTF8.GetBytes text)
    JsonRpc.read stream

let private framed (body: string) =
    $"Content-Length: {Encoding.UTF8.GetByteCount body}\r\n\r\n{body}"

/// F# has no literal of it.
let private half = string (char 0xd83d)

[<Tests>]
let tests =
    testList
        "JSON-RPC"
        [
            test "a request is read with its id as it was written" {
                for id in [ "7"; "\"seven\"" ] do
                    match
                        read (
                            framed $"{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"a/b\",\"params\":{{}}}}"
                        )
                    with
                    | Message.Request(found, method, _) -> equal (id, "a/b") (found, method)
                    | other -> failwith $"{other}"
            }

            test "headers in any case and with others beside them are read" {
                match
                    read
                        "content-type: application/vscode-jsonrpc; charset=utf-8\r\nCONTENT-LENGTH: 33\r\n\r\n{\"jsonrpc\":\"2.0\",\"method\":\"exit\"}"
                with
                | Message.Notification(method, _) -> equal "exit" method
                | other -> failwith $"{other}"
            }

            test "the end of the stream is an end, also within a message" {
                equal Message.End (read "")
                equal Message.End (read "Content-Length: 100\r\n\r\n{}")
            }

            testTheory
                "after a header without a length nothing can be read"
                [
                    "no header at all"
                    "Content-Length: 2\n\n{}"
                    "Content-Length: -2\r\n\r\n{}"
                    "Content-Length: two\r\n\r\n{}"
                    "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"
                    "Content-Length: 99999999999999999999\r\n\r\n{}"
                    "Content-Type: text\r\n\r\n{}"
                ]
                (fun text ->
                    match read text with
                    | Message.Lost _ -> ()
                    | other -> failwith $"{other}")

            test "a header that does not end is an error" {
                match read (System.String('x', 100_000)) with
                | Message.Lost _ -> ()
                | other -> failwith $"{other}"
            }

            testTheory
                "a body that is no message is an error, and the next message is read"
                [
                    "{", -32700
                    "[]", -32600
                    "{}", -32600
                    "{\"id\":null,\"method\":\"a\"}", -32600
                    "{\"id\":1,\"method\":2}", -32600
                    "{\"id\":{},\"method\":\"a\"}", -32600
                    "{\"id\":1,\"method\":\"\\ud800\"}", -32700
                ]
                (fun (body, expected) ->
                    use stream =
                        new MemoryStream(
                            Encoding.UTF8.GetBytes(framed body + framed "{\"method\":\"exit\"}")
                        )

                    match JsonRpc.read stream, JsonRpc.read stream with
                    | Message.Malformed(code, _), Message.Notification(method, _) ->
                        equal (expected, "exit") (code, method)
                    | other -> failwith $"{other}")

            test "bytes that are not UTF-8 are an error" {
                use stream =
                    new MemoryStream(
                        Array.append
                            (Encoding.ASCII.GetBytes "Content-Length: 3\r\n\r\n")
                            [| 34uy; 255uy; 34uy |]
                    )

                match JsonRpc.read stream with
                | Message.Malformed(code, _) -> equal ErrorCode.parseError code
                | other -> failwith $"{other}"
            }

            test "a message that is too large is passed over" {
                let body = System.String(' ', 20_000_000)

                use stream =
                    new MemoryStream(Encoding.UTF8.GetBytes(framed body + framed "{\"method\":\"exit\"}"))

                match JsonRpc.read stream, JsonRpc.read stream with
                | Message.Malformed _, Message.Notification(method, _) -> equal "exit" method
                | other -> failwith $"{other}"
            }

            test "half a surrogate pair is read as it is and written as a replacement" {
                match read (framed "{\"method\":\"a\",\"params\":\"x\\ud83d\\n\\\"\\u0041\"}") with
                | Message.Notification(_, parameters) ->
                    equal ("x" + half + "\n\"A") (Protocol.asText parameters)
                | other -> failwith $"{other}"

                use output = new MemoryStream()
                write output (notification "a" (Protocol.text ("x" + half)))
                contains "x\\uFFFD" (Encoding.UTF8.GetString(output.ToArray()))
            }
        ]
