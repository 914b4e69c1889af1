module Freeze.LanguageServer.Tests.JsonRpcTests

open System.IO
open System.Text
open Freeze.LanguageServer
open Freeze.LanguageServer.JsonRpc
open Xunit

let private read (text: string) =
    use stream = new MemoryStream(Encoding.UTF8.GetBytes text)
    JsonRpc.read stream

let private framed (body: string) =
    $"Content-Length: {Encoding.UTF8.GetByteCount body}\r\n\r\n{body}"

[<Fact>]
let ``a request is read with its id as it was written`` () =
    for id in [ "7"; "\"seven\"" ] do
        match read (framed $"{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"a/b\",\"params\":{{}}}}") with
        | Message.Request(found, method, _) -> Assert.Equal((id, "a/b"), (found, method))
        | other -> failwith $"{other}"

[<Fact>]
let ``headers in any case and with others beside them are read`` () =
    match
        read
            "content-type: application/vscode-jsonrpc; charset=utf-8\r\nCONTENT-LENGTH: 33\r\n\r\n{\"jsonrpc\":\"2.0\",\"method\":\"exit\"}"
    with
    | Message.Notification(method, _) -> Assert.Equal("exit", method)
    | other -> failwith $"{other}"

[<Fact>]
let ``the end of the stream is an end, also within a message`` () =
    Assert.Equal(Message.End, read "")
    Assert.Equal(Message.End, read "Content-Length: 100\r\n\r\n{}")

[<Theory>]
[<InlineData "no header at all">]
[<InlineData "Content-Length: 2\n\n{}">]
[<InlineData "Content-Length: -2\r\n\r\n{}">]
[<InlineData "Content-Length: two\r\n\r\n{}">]
[<InlineData "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}">]
[<InlineData "Content-Length: 99999999999999999999\r\n\r\n{}">]
[<InlineData "Content-Type: text\r\n\r\n{}">]
let ``behind a header that says no length nothing can be read`` (text: string) =
    match read text with
    | Message.Lost _ -> ()
    | other -> failwith $"{other}"

[<Fact>]
let ``a header has an end`` () =
    match read (System.String('x', 100_000)) with
    | Message.Lost _ -> ()
    | other -> failwith $"{other}"

[<Theory>]
[<InlineData("{", -32700)>]
[<InlineData("[]", -32600)>]
[<InlineData("{}", -32600)>]
[<InlineData("{\"id\":null,\"method\":\"a\"}", -32600)>]
[<InlineData("{\"id\":1,\"method\":2}", -32600)>]
[<InlineData("{\"id\":{},\"method\":\"a\"}", -32600)>]
[<InlineData("{\"id\":1,\"method\":\"\\ud800\"}", -32700)>]
let ``a body that is no message is told, and the next message is read`` (body: string, expected: int) =
    use stream =
        new MemoryStream(Encoding.UTF8.GetBytes(framed body + framed "{\"method\":\"exit\"}"))

    match JsonRpc.read stream, JsonRpc.read stream with
    | Message.Malformed(code, _), Message.Notification(method, _) ->
        Assert.Equal((expected, "exit"), (code, method))
    | other -> failwith $"{other}"

[<Fact>]
let ``bytes that are not UTF-8 are told`` () =
    use stream =
        new MemoryStream(
            Array.append (Encoding.ASCII.GetBytes "Content-Length: 3\r\n\r\n") [| 34uy; 255uy; 34uy |]
        )

    match JsonRpc.read stream with
    | Message.Malformed(code, _) -> Assert.Equal(ErrorCode.parseError, code)
    | other -> failwith $"{other}"

[<Fact>]
let ``a message that is too large is passed over`` () =
    let body = System.String(' ', 20_000_000)

    use stream =
        new MemoryStream(Encoding.UTF8.GetBytes(framed body + framed "{\"method\":\"exit\"}"))

    match JsonRpc.read stream, JsonRpc.read stream with
    | Message.Malformed _, Message.Notification(method, _) -> Assert.Equal("exit", method)
    | other -> failwith $"{other}"

/// F# has no literal of it.
let private half = string (char 0xd83d)

[<Fact>]
let ``half a surrogate pair is read as it is and written as a replacement`` () =
    match read (framed "{\"method\":\"a\",\"params\":\"x\\ud83d\\n\\\"\\u0041\"}") with
    | Message.Notification(_, parameters) -> Assert.Equal("x" + half + "\n\"A", Protocol.asText parameters)
    | other -> failwith $"{other}"

    use output = new MemoryStream()
    write output (notification "a" (Protocol.text ("x" + half)))
    Assert.Contains("x\\uFFFD", Encoding.UTF8.GetString(output.ToArray()))
