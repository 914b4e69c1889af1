/// JSON-RPC 2.0 messages in a stream, each after a header with its length.
module Freeze.LanguageServer.JsonRpc

open System
open System.IO
open System.Text
open System.Text.Json
open System.Text.Json.Nodes
open System.Text.RegularExpressions
open Freeze.LanguageServer.Protocol

/// Error codes of JSON-RPC and of the Language Server Protocol.
[<RequireQualifiedAccess>]
module ErrorCode =
    let parseError = -32700
    let invalidRequest = -32600
    let methodNotFound = -32601
    let invalidParameters = -32602
    let internalError = -32603
    let serverNotInitialized = -32002
    let requestFailed = -32803
    let requestCancelled = -32800

[<RequireQualifiedAccess>]
type Message =
    /// The id is kept as JSON, a number or a string, and returned unchanged.
    | Request of id: string * method: string * parameters: JsonElement
    | Notification of method: string * parameters: JsonElement
    /// A response from the client.
    | Response
    /// An invalid message; later messages can still be read.
    | Malformed of code: int * reason: string
    /// The start of the next message cannot be found.
    | Lost of reason: string
    | End

/// A file of 1 MiB with every character escaped, plus the rest of the message.
let private largest = 16 * 1024 * 1024

let private longestHeader = 4096

/// A header, up to its empty line; None at the end of the stream.
let private header (input: Stream) : Result<string, string> option =
    let text = StringBuilder()

    let ended () =
        text.Length >= 4 && text.ToString(text.Length - 4, 4) = "\r\n\r\n"

    let mutable next = input.ReadByte()

    while next >= 0 do
        text.Append(char next) |> ignore

        next <-
            if ended () || text.Length = longestHeader then
                -1
            else
                input.ReadByte()

    if text.Length = 0 then
        None
    elif ended () then
        Some(Ok(text.ToString()))
    else
        Some(Error $"a header ends in an empty line and has at most %d{longestHeader} bytes")

let private lengths =
    Regex(@"^content-length[ \t]*:(.*)\r$", RegexOptions.IgnoreCase ||| RegexOptions.Multiline)

let private contentLength (header: string) : Result<int64, string> =
    match [ for line in lengths.Matches header -> line.Groups[1].Value.Trim() ] with
    | [ value ] when value <> "" && value.Length <= 12 && Seq.forall Char.IsAsciiDigit value ->
        Ok(int64 value)
    | _ -> Error "a header says once how long its message is, as Content-Length: BYTES"

let private ofJson (root: JsonElement) : Message =
    let tryProperty (name: string) =
        match root.TryGetProperty name with
        | true, value -> Some value
        | false, _ -> None

    if root.ValueKind <> JsonValueKind.Object then
        Message.Malformed(ErrorCode.invalidRequest, "a message is an object")
    else
        let parameters = tryProperty "params" |> Option.defaultValue (JsonElement())

        match tryProperty "method", tryProperty "id" with
        | Some method, None when method.ValueKind = JsonValueKind.String ->
            Message.Notification(method.GetString(), parameters)
        | Some method, Some id when
            method.ValueKind = JsonValueKind.String
            && (id.ValueKind = JsonValueKind.Number || id.ValueKind = JsonValueKind.String)
            ->
            Message.Request(id.GetRawText(), method.GetString(), parameters)
        | None, Some _ when (tryProperty "result").IsSome || (tryProperty "error").IsSome -> Message.Response
        | _ ->
            Message.Malformed(
                ErrorCode.invalidRequest,
                "a request has a method and an id that is a number or a string"
            )

let private ofBytes (bytes: byte[]) : Message =
    try
        use document = JsonDocument.Parse(UTF8Encoding(false, true).GetString bytes)
        ofJson (document.RootElement.Clone())
    with
    | :? JsonException
    // The method's name contains half of a surrogate pair.
    | :? InvalidOperationException
    | :? ArgumentException -> Message.Malformed(ErrorCode.parseError, "this is not JSON in UTF-8")

let private skip (input: Stream) (count: int64) =
    let part = Array.zeroCreate 65536
    let mutable left = count

    while left > 0L do
        match input.Read(part, 0, int (min left (int64 part.Length))) with
        | 0 -> left <- 0L
        | read -> left <- left - int64 read

/// The next message of a stream.
let read (input: Stream) : Message =
    match header input with
    | None -> Message.End
    | Some(Error reason) -> Message.Lost reason
    | Some(Ok header) ->
        match contentLength header with
        | Error reason -> Message.Lost reason
        | Ok length when length > int64 largest ->
            skip input length
            Message.Malformed(ErrorCode.invalidRequest, $"a message has at most {largest} bytes")
        | Ok length ->
            let bytes = Array.zeroCreate (int length)

            if input.ReadAtLeast(Span bytes, bytes.Length, false) < bytes.Length then
                Message.End
            else
                ofBytes bytes

let private envelope (fields: (string * JsonNode) list) : JsonNode =
    object (("jsonrpc", text "2.0") :: fields)

/// The response to a request.
let result (id: string) (value: JsonNode) : JsonNode =
    envelope [ "id", JsonNode.Parse id; "result", value ]

/// The response to a request that failed, or to a message without a readable id.
let error (id: string option) (code: int) (reason: string) : JsonNode =
    envelope
        [
            "id", (id |> Option.map JsonNode.Parse |> Option.toObj)
            "error", object [ "code", number code; "message", text reason ]
        ]

let notification (method: string) (parameters: JsonNode) : JsonNode =
    envelope [ "method", text method; "params", parameters ]

let write (output: Stream) (message: JsonNode) =
    let body = Encoding.UTF8.GetBytes(message.ToJsonString())
    let head = Encoding.ASCII.GetBytes $"Content-Length: {body.Length}\r\n\r\n"
    output.Write(head, 0, head.Length)
    output.Write(body, 0, body.Length)
    output.Flush()
