/// An editor of its own: it starts the real program and speaks to it over standard input and output.
module Freeze.LanguageServer.Tests.Client

open System
open System.Collections.Concurrent
open System.Diagnostics
open System.IO
open System.Text
open System.Text.Json
open System.Text.Json.Nodes
open System.Threading
open System.Threading.Tasks
open Freeze.Tests

/// Against a server that hangs; no measure of speed.
let private limit = TimeSpan.FromMinutes 2.0

let root = Repository.root

/// A folder of the test's own.
let folder () =
    Directory.CreateTempSubdirectory("freeze-lsp-").FullName

let uriOf (path: string) = Uri(path).AbsoluteUri

/// JSON as it is written in tests: quotes as `'`.
let json (text: string) : JsonNode = JsonNode.Parse(text.Replace('\'', '"'))

let object (fields: (string * JsonNode) list) : JsonNode =
    let node = JsonObject()

    for name, value in fields do
        node[name] <- value

    node

let text (value: string) : JsonNode = JsonValue.Create value
let number (value: int) : JsonNode = JsonValue.Create value

let place line character : JsonNode =
    object [ "line", number line; "character", number character ]

let range (startLine, startCharacter) (endLine, endCharacter) : JsonNode =
    object [ "start", place startLine startCharacter; "end", place endLine endCharacter ]

let document (uri: string) : JsonNode = object [ "uri", text uri ]

let at uri line character : JsonNode =
    object [ "textDocument", document uri; "position", place line character ]

let private readMessage (stream: Stream) : JsonElement option =
    let header = StringBuilder()
    let mutable last = stream.ReadByte()

    while last >= 0 && not ((header.Append(char last).ToString()).EndsWith "\r\n\r\n") do
        last <- stream.ReadByte()

    if last < 0 then
        None
    else
        let length =
            header.ToString().Split("\r\n")
            |> Array.find _.StartsWith("Content-Length: ")
            |> _.Substring("Content-Length: ".Length)
            |> int

        let body = Array.zeroCreate length

        // A server that is killed may end within a message.
        if stream.ReadAtLeast(Span body, length, false) < length then
            None
        else
            Some((JsonDocument.Parse body).RootElement)

/// The next of a queue, unless it is over or nothing comes.
let private take (queue: BlockingCollection<'T>) : 'T option =
    let mutable next = Unchecked.defaultof<'T>
    if queue.TryTake(&next, limit) then Some next else None

type Client(info: ProcessStartInfo) =
    let server = Process.Start info
    let output = server.StandardOutput.BaseStream
    let answers = ConcurrentDictionary<string, TaskCompletionSource<JsonElement>>()
    let published = new BlockingCollection<string * JsonElement>()
    let unasked = new BlockingCollection<JsonElement>()
    let mutable lastId = 0
    let writing = obj ()

    let answerOf id =
        answers.GetOrAdd(id, fun _ -> TaskCompletionSource<JsonElement>())

    let listen () =
        let mutable more = true

        while more do
            match readMessage output with
            | None ->
                more <- false
                published.CompleteAdding()
            | Some message ->
                match message.TryGetProperty "method", message.TryGetProperty "id" with
                | (true, method), _ when method.GetString() = "textDocument/publishDiagnostics" ->
                    let parameters = message.GetProperty "params"
                    published.Add((parameters.GetProperty("uri").GetString(), parameters))
                | (true, _), _ -> ()
                | _, (true, id) when id.ValueKind <> JsonValueKind.Null ->
                    (answerOf (id.GetRawText())).SetResult message
                | _ -> unasked.Add message

    do Thread(listen, IsBackground = true).Start()

    member _.Raw(bytes: byte[]) =
        lock writing (fun () ->
            let stream = server.StandardInput.BaseStream
            stream.Write bytes
            stream.Flush())

    /// Sends a message's body behind its header.
    member this.Body(body: string) =
        let bytes = Encoding.UTF8.GetBytes body
        let head = Encoding.ASCII.GetBytes $"Content-Length: {bytes.Length}\r\n\r\n"
        this.Raw(Array.append head bytes)

    member this.Notify(method: string, parameters: JsonNode) =
        object [ "jsonrpc", text "2.0"; "method", text method; "params", parameters ]
        |> _.ToJsonString()
        |> this.Body

    /// Sends a request; its id, by which the answer is found.
    member this.Send(method: string, parameters: JsonNode) : string =
        let id = Interlocked.Increment &lastId

        object
            [
                "jsonrpc", text "2.0"
                "id", number id
                "method", text method
                "params", parameters
            ]
        |> _.ToJsonString()
        |> this.Body

        string id

    /// The whole answer to a request.
    member _.Answer(id: string) : JsonElement =
        let answer = (answerOf id).Task

        if answer.Wait limit then
            answer.Result
        else
            failwith $"no answer to request {id} within {limit}"

    member this.Request(method: string, parameters: JsonNode) : JsonElement =
        let answer = this.Answer(this.Send(method, parameters))

        match answer.TryGetProperty "result" with
        | true, result -> result
        | false, _ -> failwith $"{method}: {answer}"

    /// The code and message of an error that must come.
    member this.Fails(method: string, parameters: JsonNode) : int * string =
        let error = this.Answer(this.Send(method, parameters)).GetProperty "error"
        error.GetProperty("code").GetInt32(), error.GetProperty("message").GetString()

    /// An error that answers no request.
    member _.Unasked() : JsonElement =
        match take unasked with
        | Some message -> message
        | None -> failwith "the server said nothing"

    /// The diagnostics of a document when its version is published.
    member _.Diagnostics(uri: string, version: int) : JsonElement list =
        let mutable found = None

        while found.IsNone do
            match take published with
            | Some(of', parameters) when of' = uri ->
                match parameters.TryGetProperty "version" with
                | true, v when v.GetInt32() = version ->
                    found <- Some(parameters.GetProperty("diagnostics").EnumerateArray() |> List.ofSeq)
                | _ -> ()
            | Some _ -> ()
            | None -> failwith $"no diagnostics of {uri} {version} within {limit}"

        found.Value

    /// The next diagnostics of a file, whether it is open or not.
    member _.NextDiagnostics(uri: string) : JsonElement list =
        let mutable found = None

        while found.IsNone do
            match take published with
            | Some(of', parameters) when of' = uri ->
                found <- Some(parameters.GetProperty("diagnostics").EnumerateArray() |> List.ofSeq)
            | Some _ -> ()
            | None -> failwith $"no diagnostics of {uri} within {limit}"

        found.Value

    /// The file of the next diagnostics, whichever it is.
    member _.NextPublished() : string =
        match take published with
        | Some(uri, _) -> uri
        | None -> failwith "no diagnostics were published"

    member this.Initialize() : JsonElement =
        let result =
            this.Request(
                "initialize",
                json
                    "{ 'processId': null, 'rootUri': null, 'capabilities': {}, 'initializationOptions': { 'runCommands': true } }"
            )

        this.Notify("initialized", json "{}")
        result

    member this.Open(uri: string, content: string, version: int) =
        this.Notify(
            "textDocument/didOpen",
            object
                [
                    "textDocument",
                    object
                        [
                            "uri", text uri
                            "languageId", text "freeze"
                            "version", number version
                            "text", text content
                        ]
                ]
        )

    member this.Change(uri: string, version: int, changes: JsonNode list) =
        this.Notify(
            "textDocument/didChange",
            object
                [
                    "textDocument", object [ "uri", text uri; "version", number version ]
                    "contentChanges", JsonArray(List.toArray changes)
                ]
        )

    member this.Replace(uri: string, version: int, content: string) =
        this.Change(uri, version, [ object [ "text", text content ] ])

    member this.Close(uri: string) =
        this.Notify("textDocument/didClose", object [ "textDocument", document uri ])

    /// Closes the stream and returns the exit code.
    member _.End() : int =
        server.StandardInput.Close()

        if server.WaitForExit limit then
            server.ExitCode
        else
            failwith $"the server did not end within {limit}"

    /// Says goodbye; the exit code.
    member this.Shutdown() : int =
        this.Request("shutdown", null) |> ignore
        this.Notify("exit", null)

        if server.WaitForExit limit then
            server.ExitCode
        else
            failwith $"the server did not end within {limit}"

    member _.HasEnded = server.HasExited

    /// The modules that the server has loaded, where the system tells.
    member _.Maps = File.ReadAllText $"/proc/{server.Id}/maps"

    interface IDisposable with
        member _.Dispose() =
            if not server.HasExited then
                server.Kill true

            server.Dispose()

/// A server that has not been spoken to.
let silent () : Client =
    let info = ProcessStartInfo("dotnet", [ Repository.program.Value; "lsp" ])

    info.RedirectStandardInput <- true
    info.RedirectStandardOutput <- true
    new Client(info)

let started () : Client =
    let client = silent ()
    client.Initialize() |> ignore
    client

/// A server with one document, and the document's URI.
let withText (content: string) : Client * string =
    let client = started ()
    let uri = uriOf (Path.Combine(folder (), "test.frz"))
    client.Open(uri, content, 1)
    client, uri

let private server = lazy (started ())

/// One server for the tests that ask and do nothing else. It ends with the tests, when its input does.
let shared () : Client = server.Value

/// A document of a test's own in the shared server.
let sharedText (content: string) : Client * string =
    let uri = uriOf (Path.Combine(folder (), "test.frz"))
    shared().Open(uri, content, 1)
    shared (), uri

/// The answer to a question about the place of the `|` in a text.
let askAt (method: string) (marked: string) : JsonElement =
    let offset = marked.IndexOf '|'
    let before = marked.Substring(0, offset)
    let line = (before.Split '\n').Length - 1
    let client, uri = sharedText (marked.Remove(offset, 1))
    client.Request(method, at uri line (offset - (before.LastIndexOf '\n' + 1)))

let strings (name: string) (elements: JsonElement seq) : string list =
    elements |> Seq.map (fun e -> e.GetProperty(name).GetString()) |> List.ofSeq

let items (element: JsonElement) : JsonElement list = element.EnumerateArray() |> List.ofSeq

/// The two ends of a range.
let ends (element: JsonElement) : (int * int) * (int * int) =
    let place (name: string) =
        let place = element.GetProperty name
        place.GetProperty("line").GetInt32(), place.GetProperty("character").GetInt32()

    place "start", place "end"

/// A text after the edits of a server, given in any order.
let applied (edits: JsonElement seq) (content: string) : string =
    let lines = content.Split '\n'

    let offset (line, character) =
        if line >= lines.Length then
            content.Length
        else
            (lines |> Seq.take line |> Seq.sumBy (fun l -> l.Length + 1)) + character

    edits
    |> Seq.map (fun edit ->
        let first, last = ends (edit.GetProperty "range")
        offset first, offset last, edit.GetProperty("newText").GetString())
    |> Seq.sortByDescending (fun (first, _, _) -> first)
    |> Seq.fold
        (fun (content: string) (first, last, text) -> content.Remove(first, last - first).Insert(first, text))
        content
