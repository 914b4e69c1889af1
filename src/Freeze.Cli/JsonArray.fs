/// What commands print with --json: an array of objects.
module Freeze.Cli.JsonArray

open System.IO
open System.Text
open System.Text.Json

let private objects (writer: Utf8JsonWriter) (write: 'T -> unit) (items: 'T seq) =
    for item in items do
        writer.WriteStartObject()
        write item
        writer.WriteEndObject()

    writer.WriteEndArray()

/// `write` adds the fields of one item's object.
let text (write: Utf8JsonWriter -> 'T -> unit) (items: 'T seq) : string =
    use buffer = new MemoryStream()
    use writer = new Utf8JsonWriter(buffer, JsonWriterOptions(Indented = true))
    writer.WriteStartArray()
    objects writer (write writer) items
    writer.Flush()
    Encoding.UTF8.GetString(buffer.ToArray())

/// An array within an object, of objects too.
let field (writer: Utf8JsonWriter) (name: string) (write: 'T -> unit) (items: 'T seq) =
    writer.WriteStartArray name
    objects writer write items

let print (write: Utf8JsonWriter -> 'T -> unit) (items: 'T seq) = printfn "%s" (text write items)
