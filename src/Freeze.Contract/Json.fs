/// Records, unions, arrays and scalars to and from canonical JSON: fields in the order of their declaration,
/// camelCase names, no white space, shortest numbers that read back to the same bits. A case without fields is
/// a string ("relu"); one with fields is an object of one member ({"maxPool":{"size":2,...}}).
[<RequireQualifiedAccess>]
module Freeze.Json

open System
open System.Collections.Concurrent
open System.IO
open System.Text
open System.Text.Json
open Microsoft.FSharp.Reflection

/// JSON that is not of the wanted type; the message names the place.
exception JsonMismatch of message: string

type private Codec =
    {
        Write: Utf8JsonWriter -> obj -> unit
        Read: string -> JsonElement -> obj
    }

let private mismatch path text = raise (JsonMismatch $"{path}: {text}")

let private camel (name: string) =
    string (Char.ToLowerInvariant name[0]) + name.Substring 1

let private expect (kind: JsonValueKind) path (element: JsonElement) =
    if element.ValueKind <> kind then
        mismatch path $"expected {kind}, found {element.ValueKind}"

let private number (read: JsonElement -> bool * 'T) : string -> JsonElement -> obj =
    fun path element ->
        expect JsonValueKind.Number path element

        match read element with
        | true, value -> box value
        | false, _ -> mismatch path $"{element.GetRawText()} is out of range"

/// JSON has no word for these three; a diverged loss must still be written.
let private writeFloat (writer: Utf8JsonWriter) (value: float) =
    if Double.IsFinite value then
        writer.WriteNumberValue value
    else
        writer.WriteStringValue(value.ToString(Globalization.CultureInfo.InvariantCulture))

let private readFloat path (element: JsonElement) : obj =
    match element.ValueKind with
    | JsonValueKind.String ->
        match element.GetString() with
        | "NaN" -> box Double.NaN
        | "Infinity" -> box Double.PositiveInfinity
        | "-Infinity" -> box Double.NegativeInfinity
        | other -> mismatch path $"\"{other}\" is no number"
    | _ -> number (fun e -> e.TryGetDouble()) path element

let private codecs = ConcurrentDictionary<Type, Codec>()

/// The members of an object must be exactly the fields: a plan with an unknown field means more than we know.
let private members path (names: string[]) (element: JsonElement) =
    expect JsonValueKind.Object path element

    for found in element.EnumerateObject() do
        if not (Array.contains found.Name names) then
            mismatch path $"unknown field \"{found.Name}\""

    names
    |> Array.map (fun name ->
        match element.TryGetProperty name with
        | true, value -> value
        | false, _ -> mismatch path $"field \"{name}\" is missing")

let rec private codecOf (kind: Type) : Codec =
    match codecs.TryGetValue kind with
    | true, codec -> codec
    | false, _ ->
        let codec = build kind
        codecs[kind] <- codec
        codec

and private build (kind: Type) : Codec =
    if kind = typeof<string> then
        {
            Write = fun writer value -> writer.WriteStringValue(value :?> string)
            Read =
                fun path element ->
                    expect JsonValueKind.String path element
                    element.GetString()
        }
    elif kind = typeof<bool> then
        {
            Write = fun writer value -> writer.WriteBooleanValue(value :?> bool)
            Read =
                fun path element ->
                    match element.ValueKind with
                    | JsonValueKind.True -> box true
                    | JsonValueKind.False -> box false
                    | other -> mismatch path $"expected true or false, found {other}"
        }
    elif kind = typeof<int> then
        {
            Write = fun writer value -> writer.WriteNumberValue(value :?> int)
            Read = number (fun e -> e.TryGetInt32())
        }
    elif kind = typeof<int64> then
        {
            Write = fun writer value -> writer.WriteNumberValue(value :?> int64)
            Read = number (fun e -> e.TryGetInt64())
        }
    elif kind = typeof<float> then
        {
            Write = fun writer value -> writeFloat writer (value :?> float)
            Read = readFloat
        }
    elif kind.IsArray then
        ofArray (kind.GetElementType())
    elif FSharpType.IsRecord kind then
        let fields =
            FSharpType.GetRecordFields kind |> Array.map (fun f -> f.Name, f.PropertyType)

        ofFields
            fields
            (FSharpValue.PreComputeRecordReader kind)
            (FSharpValue.PreComputeRecordConstructor kind)
    elif FSharpType.IsUnion kind then
        ofUnion kind
    else
        invalidArg (nameof kind) $"{kind} has no JSON form"

and private ofArray element =
    // Looked up when used: a type may contain arrays of itself.
    let codec = lazy codecOf element

    {
        Write =
            fun writer value ->
                writer.WriteStartArray()

                match value with
                // Most of a large plan: without boxing each.
                | :? (int[]) as numbers -> numbers |> Array.iter writer.WriteNumberValue
                | _ ->
                    for item in value :?> Array do
                        codec.Value.Write writer item

                writer.WriteEndArray()
        Read =
            fun path json ->
                expect JsonValueKind.Array path json
                let items = Array.CreateInstance(element, json.GetArrayLength())

                json.EnumerateArray()
                |> Seq.iteri (fun i item -> items.SetValue(codec.Value.Read $"{path}[{i}]" item, i))

                items
    }

and private ofFields fields (toValues: obj -> obj[]) (ofValues: obj[] -> obj) =
    let names = fields |> Array.map (fst >> camel)
    let codecs = fields |> Array.map (fun (_, kind) -> lazy codecOf kind)

    {
        Write =
            fun writer value ->
                writer.WriteStartObject()

                toValues value
                |> Array.iteri (fun i field ->
                    writer.WritePropertyName names[i]
                    codecs[i].Value.Write writer field)

                writer.WriteEndObject()
        Read =
            fun path json ->
                members path names json
                |> Array.mapi (fun i member' -> codecs[i].Value.Read $"{path}.{names[i]}" member')
                |> ofValues
    }

and private ofUnion kind =
    let cases =
        FSharpType.GetUnionCases kind
        |> Array.map (fun case ->
            let fields = case.GetFields() |> Array.map (fun f -> f.Name, f.PropertyType)
            let make = FSharpValue.PreComputeUnionConstructor case

            camel case.Name,
            fields.Length,
            make,
            ofFields fields (FSharpValue.PreComputeUnionReader case) make)

    let tag = FSharpValue.PreComputeUnionTagReader kind

    let find path bare name =
        cases
        |> Array.tryFind (fun (own, fields, _, _) -> own = name && (fields = 0) = bare)
        |> function
            | Some case -> case
            | None -> mismatch path $"\"{name}\" is not one of the cases of {kind.Name}"

    {
        Write =
            fun writer value ->
                let name, fields, _, codec = cases[tag value]

                if fields = 0 then
                    writer.WriteStringValue name
                else
                    writer.WriteStartObject()
                    writer.WritePropertyName name
                    codec.Write writer value
                    writer.WriteEndObject()
        Read =
            fun path json ->
                match json.ValueKind with
                | JsonValueKind.String ->
                    let _, _, make, _ = find path true (json.GetString())
                    make [||]
                | JsonValueKind.Object when json.EnumerateObject() |> Seq.length = 1 ->
                    let only = json.EnumerateObject() |> Seq.head
                    let _, _, _, codec = find path false only.Name
                    codec.Read $"{path}.{only.Name}" only.Value
                | other -> mismatch path $"expected a case of {kind.Name}, found {other}"
    }

/// Writes one value with a writer that the caller owns.
let writeTo (writer: Utf8JsonWriter) (value: 'T) =
    (codecOf typeof<'T>).Write writer (box value)

/// The canonical UTF-8 bytes of a value.
let toBytes (value: 'T) : byte[] =
    use buffer = new MemoryStream()
    use writer = new Utf8JsonWriter(buffer)
    writeTo writer value
    writer.Flush()
    buffer.ToArray()

/// The canonical text of a value.
let toText (value: 'T) : string = Encoding.UTF8.GetString(toBytes value)

/// A value from parsed JSON; `JsonMismatch` where it is not of the type.
let ofElement<'T> (path: string) (element: JsonElement) : 'T =
    (codecOf typeof<'T>).Read path element :?> 'T

/// A value from its text; `JsonMismatch` where it is not JSON of the type.
let ofText<'T> (text: string) : 'T =
    try
        use document = JsonDocument.Parse text
        ofElement<'T> "$" document.RootElement
    with :? JsonException as error ->
        raise (JsonMismatch error.Message)
