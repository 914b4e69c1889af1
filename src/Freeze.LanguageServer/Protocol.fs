/// The types of the Language Server Protocol that are used here, with their JSON.
module Freeze.LanguageServer.Protocol

open System
open System.Text
open System.Text.Json
open System.Text.Json.Nodes
open System.Text.RegularExpressions

/// A request's parameters do not follow the protocol.
exception InvalidParameters of string

/// A request with an unknown method.
exception Unknown of method: string

/// A request cannot be fulfilled; the message is for the user.
exception Refused of string

/// Line and UTF-16 column, both from 0.
[<Struct>]
type Position = { Line: int; Character: int }

/// End is exclusive.
[<Struct>]
type Range = { Start: Position; End: Position }

type TextEdit = { Range: Range; NewText: string }

type Location = { Uri: string; Range: Range }

// To JSON ----------------------------------------------------------------------------------------------------

let number (value: int) : JsonNode = JsonValue.Create value
let flag (value: bool) : JsonNode = JsonValue.Create value

/// Half of a surrogate pair cannot be encoded in UTF-8.
let text (value: string) : JsonNode =
    let whole =
        if value.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') then
            Encoding.Unicode.GetString(Encoding.Unicode.GetBytes value)
        else
            value

    JsonValue.Create whole

let array (items: JsonNode seq) : JsonNode = JsonArray(Seq.toArray items)

let object (fields: (string * JsonNode) list) : JsonNode =
    let node = JsonObject()

    for name, value in fields do
        node[name] <- value

    node

/// The JSON null.
let nothing: JsonNode = null

let position (position: Position) : JsonNode =
    object [ "line", number position.Line; "character", number position.Character ]

let range (range: Range) : JsonNode =
    object [ "start", position range.Start; "end", position range.End ]

let textEdit (edit: TextEdit) : JsonNode =
    object [ "range", range edit.Range; "newText", text edit.NewText ]

let location (location: Location) : JsonNode =
    object [ "uri", text location.Uri; "range", range location.Range ]

let markdown (content: string) : JsonNode =
    object [ "kind", text "markdown"; "value", text content ]

/// Edits of several files, by URI.
let workspaceEdit (edits: (string * TextEdit list) list) : JsonNode =
    object
        [
            "changes", object [ for uri, edits in edits -> uri, array (edits |> Seq.map textEdit) ]
        ]

// From JSON --------------------------------------------------------------------------------------------------

let tryGet (name: string) (element: JsonElement) : JsonElement option =
    if element.ValueKind = JsonValueKind.Object then
        match element.TryGetProperty name with
        | true, value when value.ValueKind <> JsonValueKind.Null -> Some value
        | _ -> None
    else
        None

let get (name: string) (element: JsonElement) : JsonElement =
    match tryGet name element with
    | Some value -> value
    | None -> raise (InvalidParameters $"`{name}` is missing")

let asText (element: JsonElement) : string =
    if element.ValueKind <> JsonValueKind.String then
        raise (InvalidParameters "a text was expected")

    try
        element.GetString()
    with :? InvalidOperationException ->
        // .NET's reader refuses half of a surrogate pair. Regex.Unescape handles the same escapes as JSON.
        let raw = element.GetRawText()
        Regex.Unescape(raw.Substring(1, raw.Length - 2))

/// A whole number; larger ones are clamped to the largest int.
let asNumber (element: JsonElement) : int =
    if element.ValueKind <> JsonValueKind.Number then
        raise (InvalidParameters "a number was expected")

    let value = element.GetDouble()

    if Double.IsNaN value then 0
    elif value >= 2147483647.0 then Int32.MaxValue
    elif value <= -2147483648.0 then Int32.MinValue
    else int value

let asItems (element: JsonElement) : JsonElement list =
    if element.ValueKind <> JsonValueKind.Array then
        raise (InvalidParameters "an array was expected")

    element.EnumerateArray() |> List.ofSeq

let isTrue (element: JsonElement option) =
    element |> Option.exists (fun value -> value.ValueKind = JsonValueKind.True)

let asPosition (element: JsonElement) : Position =
    {
        Line = asNumber (get "line" element)
        Character = asNumber (get "character" element)
    }

let asRange (element: JsonElement) : Range =
    {
        Start = asPosition (get "start" element)
        End = asPosition (get "end" element)
    }

/// The document that a request is about.
let uriOf (parameters: JsonElement) : string =
    parameters |> get "textDocument" |> get "uri" |> asText
