/// The output of --json: one object that begins with the number of its format. docs/json.md describes each object.
module Freeze.Cli.JsonOutput

open System.IO
open System.Text
open System.Text.Json

/// Fields may be added under the same number; removing or redefining one needs the next number.
let private schema = 1

/// An array of objects as a field; `write` adds the fields of one of them.
let field (writer: Utf8JsonWriter) (name: string) (write: 'T -> unit) (items: 'T seq) =
    writer.WriteStartArray name

    for item in items do
        writer.WriteStartObject()
        write item
        writer.WriteEndObject()

    writer.WriteEndArray()

/// An object; `write` adds its fields after the schema number.
let text (write: Utf8JsonWriter -> unit) : string =
    use buffer = new MemoryStream()
    use writer = new Utf8JsonWriter(buffer, JsonWriterOptions(Indented = true))
    writer.WriteStartObject()
    writer.WriteNumber("schema", schema)
    write writer
    writer.WriteEndObject()
    writer.Flush()
    Encoding.UTF8.GetString(buffer.ToArray())

let print (write: Utf8JsonWriter -> unit) = printfn "%s" (text write)

/// Prints an object with one array.
let printItems (name: string) (write: Utf8JsonWriter -> 'T -> unit) (items: 'T seq) =
    print (fun writer -> items |> field writer name (write writer))
