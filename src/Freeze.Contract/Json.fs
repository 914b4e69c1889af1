/// Records, unions, arrays and scalars to and from canonical JSON: fields in the order of their declaration,
/// camelCase names, no white space, shortest numbers that read back to the same bits. A case without fields is
/// a string ("relu"); one with fields is an object of one member ({"maxPool":{"size":2,...}}). A field that is marked with
/// `DefaultsTo` is left out where it has its default.
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

/// A field of a record or of a union's case, and its default as JSON where it has one.
type private Field =
    {
        Name: string
        Type: Type
        Default: string option
    }

let private fieldOf (defaults: DefaultsToAttribute seq) (property: Reflection.PropertyInfo) =
    {
        Name = camel property.Name
        Type = property.PropertyType
        Default =
            defaults
            |> Seq.tryFind (fun mark -> mark.Field = "" || mark.Field = property.Name)
            |> Option.map _.Json
    }

/// An unknown member is refused: a plan with such a field means more than we know.
let private refuseUnknown path (fields: Field[]) (element: JsonElement) =
    expect JsonValueKind.Object path element

    for found in element.EnumerateObject() do
        if not (fields |> Array.exists (fun field -> field.Name = found.Name)) then
            mismatch path $"unknown field \"{found.Name}\""

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
        let marks (property: Reflection.PropertyInfo) =
            property.GetCustomAttributes(typeof<DefaultsToAttribute>, false)
            |> Seq.cast<DefaultsToAttribute>

        ofFields
            (FSharpType.GetRecordFields kind
             |> Array.map (fun property -> fieldOf (marks property) property))
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

and private ofFields (fields: Field[]) (toValues: obj -> obj[]) (ofValues: obj[] -> obj) =
    let codecs = fields |> Array.map (fun field -> lazy codecOf field.Type)

    // Read when used: a default may be of a type that contains this one.
    let defaults =
        fields
        |> Array.mapi (fun i field ->
            field.Default
            |> Option.map (fun json ->
                lazy
                    (use document = JsonDocument.Parse json
                     codecs[i].Value.Read field.Name document.RootElement)))

    let isDefault i (value: obj) =
        match defaults[i] with
        | Some known -> value = known.Value
        | None -> false

    {
        Write =
            fun writer value ->
                writer.WriteStartObject()

                toValues value
                |> Array.iteri (fun i field ->
                    if not (isDefault i field) then
                        writer.WritePropertyName fields[i].Name
                        codecs[i].Value.Write writer field)

                writer.WriteEndObject()
        Read =
            fun path json ->
                refuseUnknown path fields json

                fields
                |> Array.mapi (fun i field ->
                    match json.TryGetProperty field.Name, defaults[i] with
                    | (true, member'), _ -> codecs[i].Value.Read $"{path}.{field.Name}" member'
                    | (false, _), Some known -> known.Value
                    | (false, _), None -> mismatch path $"field \"{field.Name}\" is missing")
                |> ofValues
    }

and private ofUnion kind =
    let cases =
        FSharpType.GetUnionCases kind
        |> Array.map (fun case ->
            let marks =
                case.GetCustomAttributes typeof<DefaultsToAttribute>
                |> Seq.cast<DefaultsToAttribute>

            let fields = case.GetFields() |> Array.map (fieldOf marks)
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
