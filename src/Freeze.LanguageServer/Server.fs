/// Maps messages to a new state and responses, one after the other, without input or output.
module Freeze.LanguageServer.Server

open System.Text.Json
open System.Text.Json.Nodes
open Freeze.LanguageServer.JsonRpc
open Freeze.LanguageServer.Protocol
open Freeze.LanguageServer.Workspace

[<RequireQualifiedAccess>]
type Phase =
    | Starting
    | Ready
    /// After a shutdown request, only the exit is expected.
    | Stopping
    | Ended of exitCode: int

type State =
    {
        Phase: Phase
        Workspace: Workspace
        /// For each file, the last message with its diagnostics that was sent to the editor.
        Published: Map<string, string>
        /// Whether anything has changed since diagnostics were published.
        IsDirty: bool
        /// Whether the editor provides the commands that lenses name.
        HasCommands: bool
        /// The editor's folders, as paths.
        Folders: string list
        Version: string
    }

let start (version: string) : State =
    {
        Phase = Phase.Starting
        Workspace = Workspace.empty
        Published = Map.empty
        IsDirty = false
        HasCommands = false
        Folders = []
        Version = version
    }

let private capabilities: (string * JsonNode) list =
    [
        "positionEncoding", text "utf-16"
        "textDocumentSync", object [ "openClose", flag true; "change", number 2 ]
        "completionProvider",
        object [ "triggerCharacters", array ([ " "; "."; ":"; "("; "," ] |> Seq.map text) ]
        "hoverProvider", flag true
        "signatureHelpProvider",
        object
            [
                "triggerCharacters", array ([ "("; "," ] |> Seq.map text)
                "retriggerCharacters", array [ text " " ]
            ]
        "definitionProvider", flag true
        "referencesProvider", flag true
        "documentHighlightProvider", flag true
        "renameProvider", object [ "prepareProvider", flag true ]
        "documentSymbolProvider", flag true
        "workspaceSymbolProvider", flag true
        "foldingRangeProvider", flag true
        "selectionRangeProvider", flag true
        "documentFormattingProvider", flag true
        "documentRangeFormattingProvider", flag true
        "codeActionProvider", object [ "codeActionKinds", array [ text "quickfix" ] ]
        "inlayHintProvider", flag true
        "codeLensProvider", object []
        "semanticTokensProvider",
        object
            [
                "legend",
                object
                    [
                        "tokenTypes", array (Tokens.types |> Seq.map text)
                        "tokenModifiers", array (Tokens.modifiers |> Seq.map text)
                    ]
                "full", flag true
                "range", flag true
            ]
    ]

let private initialized (state: State) (parameters: JsonElement) : State * JsonNode =
    let hasCommands =
        parameters
        |> tryGet "initializationOptions"
        |> Option.bind (tryGet "runCommands")
        |> isTrue

    let uris =
        match tryGet "workspaceFolders" parameters with
        | Some folders -> asItems folders |> List.map (get "uri" >> asText)
        | None -> parameters |> tryGet "rootUri" |> Option.map asText |> Option.toList

    { state with
        Phase = Phase.Ready
        HasCommands = hasCommands
        Folders = uris |> List.choose Uris.toPath
    },
    object
        [
            "capabilities", object capabilities
            "serverInfo", object [ "name", text "freeze"; "version", text state.Version ]
        ]

/// The response to a request about a document.
let private about (state: State) (method: string) (parameters: JsonElement) (analysed: Analysed) : JsonNode =
    let workspace = state.Workspace

    let position () =
        parameters |> get "position" |> asPosition

    let range () = parameters |> get "range" |> asRange

    match method with
    | "textDocument/completion" -> Completion.answer analysed (position ())
    | "textDocument/hover" -> Hover.answer analysed (position ())
    | "textDocument/signatureHelp" -> Signatures.answer analysed (position ())
    | "textDocument/selectionRange" ->
        parameters
        |> get "positions"
        |> asItems
        |> List.map asPosition
        |> Selections.answer analysed
    | "textDocument/definition" -> Navigation.definition workspace analysed (position ())
    | "textDocument/references" ->
        parameters
        |> tryGet "context"
        |> Option.bind (tryGet "includeDeclaration")
        |> isTrue
        |> Navigation.references workspace analysed (position ())
    | "textDocument/documentHighlight" -> Navigation.highlights analysed (position ())
    | "textDocument/prepareRename" -> Rename.prepare analysed (position ())
    | "textDocument/rename" ->
        parameters
        |> get "newName"
        |> asText
        |> Rename.answer workspace analysed (position ())
    | "textDocument/documentSymbol" -> Outline.answer analysed
    | "textDocument/foldingRange" -> Outline.folding analysed
    | "textDocument/formatting" -> Formatting.answer analysed None
    | "textDocument/rangeFormatting" -> Formatting.answer analysed (Some(range ()))
    | "textDocument/codeAction" -> QuickFixes.answer workspace analysed (range ())
    | "textDocument/inlayHint" -> Hints.answer analysed (Some(range ()))
    | "textDocument/codeLens" when state.HasCommands -> Hints.lenses analysed
    | "textDocument/codeLens" -> array []
    | "textDocument/semanticTokens/full" -> Tokens.answer analysed None
    | "textDocument/semanticTokens/range" -> Tokens.answer analysed (Some(range ()))
    | _ -> raise (Unknown method)

/// The state after a request, and its response.
let private request
    (state: State)
    (id: string)
    (method: string)
    (parameters: JsonElement)
    : State * JsonNode =
    match state.Phase, method with
    | Phase.Starting, "initialize" ->
        let state, answer = initialized state parameters
        state, result id answer
    | Phase.Starting, _ -> state, error (Some id) ErrorCode.serverNotInitialized "`initialize` comes first"
    | _, "initialize" -> state, error (Some id) ErrorCode.invalidRequest "`initialize` comes once"
    | Phase.Ready, "shutdown" -> { state with Phase = Phase.Stopping }, result id nothing
    | Phase.Ready, "workspace/symbol" ->
        parameters
        |> get "query"
        |> asText
        |> Symbols.answer state.Workspace state.Folders
        |> result id
        |> fun answer -> state, answer
    | Phase.Ready, _ when method.StartsWith "textDocument/" ->
        match Map.tryFind (uriOf parameters) state.Workspace with
        | Some opened -> state, about state method parameters opened.Analysed.Value |> result id
        // A document that is not open is not known.
        | None -> state, error (Some id) ErrorCode.invalidParameters "this document is not open"
    | Phase.Ready, _ -> raise (Unknown method)
    | (Phase.Stopping | Phase.Ended _), _ ->
        state, error (Some id) ErrorCode.invalidRequest "the server is shutting down"

let private changesOf (parameters: JsonElement) : Documents.Change list =
    parameters
    |> get "contentChanges"
    |> asItems
    |> List.map (fun change ->
        {
            Range = tryGet "range" change |> Option.map asRange
            Text = change |> get "text" |> asText
        })

let private versionOf (parameters: JsonElement) =
    parameters
    |> get "textDocument"
    |> tryGet "version"
    |> Option.map asNumber
    |> Option.defaultValue 0

let private dirty (state: State) (workspace: Workspace) =
    { state with
        Workspace = workspace
        IsDirty = true
    }

let private notification (state: State) (method: string) (parameters: JsonElement) : State =
    match state.Phase, method with
    | Phase.Stopping, "exit" -> { state with Phase = Phase.Ended 0 }
    | _, "exit" -> { state with Phase = Phase.Ended 1 }
    | Phase.Ready, "textDocument/didOpen" ->
        let content = parameters |> get "textDocument" |> get "text" |> asText
        let document = Documents.opened (uriOf parameters) (versionOf parameters) content
        dirty state (Workspace.add document state.Workspace)
    | Phase.Ready, "textDocument/didChange" ->
        match Map.tryFind (uriOf parameters) state.Workspace with
        | Some opened ->
            let document =
                Documents.changed (versionOf parameters) (changesOf parameters) opened.Document

            dirty state (Workspace.add document state.Workspace)
        | None -> state
    | Phase.Ready, "textDocument/didClose" ->
        dirty state (Workspace.remove (uriOf parameters) state.Workspace)
    | Phase.Ready, ("workspace/didChangeWatchedFiles" | "textDocument/didSave") ->
        dirty state (Workspace.refreshed state.Workspace)
    // Other notifications are ignored.
    | _ -> state

/// The state after a message, and the messages to send.
let handle (state: State) (message: Message) : State * JsonNode list =
    match message with
    | Message.Request(id, method, parameters) ->
        try
            let state, answer = request state id method parameters
            state, [ answer ]
        with
        | InvalidParameters reason -> state, [ error (Some id) ErrorCode.invalidParameters reason ]
        | Unknown method -> state, [ error (Some id) ErrorCode.methodNotFound $"`{method}` is not supported" ]
        | Refused reason -> state, [ error (Some id) ErrorCode.requestFailed reason ]
        | fault ->
            state,
            [
                error (Some id) ErrorCode.internalError $"an error in Freeze, please report it: {fault}"
            ]
    | Message.Notification(method, parameters) ->
        try
            notification state method parameters, []
        with InvalidParameters _ ->
            // Notifications get no response.
            state, []
    | Message.Response -> state, []
    | Message.Malformed(code, reason) -> state, [ error None code reason ]
    | Message.Lost reason -> { state with Phase = Phase.Ended 1 }, [ error None ErrorCode.parseError reason ]
    | Message.End -> { state with Phase = Phase.Ended 1 }, []

/// The state after diagnostics are published, and the messages to send: for files whose diagnostics have changed, including those
/// that have none any more.
let publish (state: State) : State * JsonNode list =
    let messages =
        Problems.all state.Workspace
        |> Map.map (fun uri diagnostics -> Problems.published state.Workspace uri diagnostics)

    let published = messages |> Map.map (fun _ message -> message.ToJsonString())

    let fresh =
        messages
        |> Map.filter (fun uri _ -> Map.tryFind uri state.Published <> Map.tryFind uri published)
        |> Map.values
        |> List.ofSeq

    let gone =
        state.Published
        |> Map.keys
        |> Seq.filter (fun uri -> not (Map.containsKey uri published))
        |> Seq.map (fun uri -> Problems.published state.Workspace uri [])
        |> List.ofSeq

    { state with
        Published = published
        IsDirty = false
    },
    fresh @ gone
