/// Records, unions, arrays and scalars to and from canonical JSON: fields in declaration order, camelCase names, no white space,
/// the shortest numbers that read back to the same bits. A case without fields is a string ("relu"); one with fields is an object
/// with one member ({"maxPool":{"size":2,...}}). A field marked with `DefaultsTo` is left out at its default.
[<RequireQualifiedAccess>]
module Freeze.Json

open System
open System.Collections.Concurrent
open System.IO
open System.Reflection
open System.Text
open System.Text.Json
open Microsoft.FSharp.Reflection

/// JSON of a type other than the expected one; the message names the place.
exception JsonMismatch of message: string

type private Codec =
    {
        Write: Utf8JsonWriter -> obj -> unit
        Read: string -> JsonElement -> obj
    }

let private mismatch path text = raise (JsonMismatch $"{path}: {text}")

let private camel (name: string) =
    string (Char.ToLowerInvariant name[0]) + name.Substring 1

let private expect (kinds: JsonValueKind list) path (element: JsonElement) =
    if not (List.contains element.ValueKind kinds) then
        let wanted = kinds |> List.map string |> String.concat " or "
        mismatch path $"expected {wanted}, found {element.ValueKind}"

/// JSON has no notation for NaN and the infinities, but a diverged loss must still be written.
let private writeFloat (writer: Utf8JsonWriter) (value: float) =
    if Double.IsFinite value then
        writer.WriteNumberValue value
    else
        writer.WriteStringValue(value.ToString(Globalization.CultureInfo.InvariantCulture))

let private tryFloat (element: JsonElement) : bool * float =
    if element.ValueKind = JsonValueKind.Number then
        element.TryGetDouble()
    else
        match element.GetString() with
        | "NaN" -> true, Double.NaN
        | "Infinity" -> true, Double.PositiveInfinity
        | "-Infinity" -> true, Double.NegativeInfinity
        | _ -> false, 0.0

let private scalar
    (kinds: JsonValueKind list)
    (write: Utf8JsonWriter -> 'T -> unit)
    (tryRead: JsonElement -> bool * 'T)
    =
    {
        Write = fun writer value -> write writer (unbox<'T> value)
        Read =
            fun path element ->
                expect kinds path element

                match tryRead element with
                | true, value -> box value
                | false, _ -> mismatch path $"{element.GetRawText()} is no {typeof<'T>.Name}"
    }

/// Scalars are registered from the start, other types when first used.
let private codecs =
    let number = [ JsonValueKind.Number ]

    [
        typeof<string>,
        scalar
            [ JsonValueKind.String ]
            (fun writer (value: string) -> writer.WriteStringValue value)
            (fun json -> true, json.GetString())
        typeof<bool>,
        scalar
            [ JsonValueKind.True; JsonValueKind.False ]
            (fun writer (value: bool) -> writer.WriteBooleanValue value)
            (fun json -> true, json.GetBoolean())
        typeof<int>, scalar number (fun writer (value: int) -> writer.WriteNumberValue value) _.TryGetInt32()
        typeof<int64>,
        scalar number (fun writer (value: int64) -> writer.WriteNumberValue value) _.TryGetInt64()
        typeof<float>, scalar [ JsonValueKind.Number; JsonValueKind.String ] writeFloat tryFloat
    ]
    |> dict
    |> ConcurrentDictionary<Type, Codec>

/// A field of a record or of a union case. Codec and default are looked up on use, since a type may contain itself.
type private Field =
    {
        Name: string
        Codec: Lazy<Codec>
        Default: Lazy<obj> option
    }

/// Refuses an unknown member: a plan with such a field means more than this version understands.
let private refuseUnknown path (fields: Field[]) (element: JsonElement) =
    expect [ JsonValueKind.Object ] path element

    for found in element.EnumerateObject() do
        if not (fields |> Array.exists (fun field -> field.Name = found.Name)) then
            mismatch path $"unknown field \"{found.Name}\""

let rec private codecOf (kind: Type) : Codec = codecs.GetOrAdd(kind, build)

and private build (kind: Type) : Codec =
    if kind.IsArray then
        ofArray (kind.GetElementType())
    elif FSharpType.IsRecord kind then
        FSharpType.GetRecordFields kind
        |> Array.map (fun property -> fieldOf (property.GetCustomAttributes<DefaultsToAttribute>()) property)
        |> ofFields (FSharpValue.PreComputeRecordReader kind) (FSharpValue.PreComputeRecordConstructor kind)
    elif FSharpType.IsUnion kind then
        ofUnion kind
    else
        invalidArg (nameof kind) $"{kind} has no JSON form"

and private fieldOf (defaults: DefaultsToAttribute seq) (property: PropertyInfo) : Field =
    let name = camel property.Name
    let codec = lazy codecOf property.PropertyType

    let read (mark: DefaultsToAttribute) =
        lazy
            (use document = JsonDocument.Parse mark.Json
             codec.Value.Read name document.RootElement)

    {
        Name = name
        Codec = codec
        Default =
            defaults
            |> Seq.tryFind (fun mark -> mark.Field = "" || mark.Field = property.Name)
            |> Option.map read
    }

and private ofArray element =
    // Looked up on use, since a type may contain arrays of itself.
    let codec = lazy codecOf element

    {
        Write =
            fun writer value ->
                writer.WriteStartArray()

                match value with
                // Most of a large plan is such arrays, so their items are not boxed.
                | :? (int[]) as numbers -> numbers |> Array.iter writer.WriteNumberValue
                | _ ->
                    for item in value :?> Array do
                        codec.Value.Write writer item

                writer.WriteEndArray()
        Read =
            fun path json ->
                expect [ JsonValueKind.Array ] path json
                let items = Array.CreateInstance(element, json.GetArrayLength())

                json.EnumerateArray()
                |> Seq.iteri (fun i item -> items.SetValue(codec.Value.Read $"{path}[{i}]" item, i))

                items
    }

and private ofFields (toValues: obj -> obj[]) (ofValues: obj[] -> obj) (fields: Field[]) : Codec =
    {
        Write =
            fun writer value ->
                writer.WriteStartObject()

                (fields, toValues value)
                ||> Array.iter2 (fun field value ->
                    match field.Default with
                    | Some known when value = known.Value -> ()
                    | _ ->
                        writer.WritePropertyName field.Name
                        field.Codec.Value.Write writer value)

                writer.WriteEndObject()
        Read =
            fun path json ->
                refuseUnknown path fields json

                fields
                |> Array.map (fun field ->
                    match json.TryGetProperty field.Name, field.Default with
                    | (true, found), _ -> field.Codec.Value.Read $"{path}.{field.Name}" found
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
            ofFields (FSharpValue.PreComputeUnionReader case) make fields)

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

/// Writes one value with a writer owned by the caller.
let writeTo (writer: Utf8JsonWriter) (value: 'T) =
    (codecOf typeof<'T>).Write writer (box value)

let private bytes (codec: Codec) (value: obj) : byte[] =
    use buffer = new MemoryStream()
    use writer = new Utf8JsonWriter(buffer)
    codec.Write writer value
    writer.Flush()
    buffer.ToArray()

/// The canonical UTF-8 bytes of a value.
let toBytes (value: 'T) : byte[] = bytes (codecOf typeof<'T>) (box value)

/// The canonical text of a value.
let toText (value: 'T) : string = Encoding.UTF8.GetString(toBytes value)

/// The fields of a record: name and canonical text of each, including those at their defaults.
let fields (record: 'T) : (string * string)[] =
    FSharpType.GetRecordFields typeof<'T>
    |> Array.map (fun field ->
        let value = bytes (codecOf field.PropertyType) (field.GetValue record)
        camel field.Name, Encoding.UTF8.GetString value)

/// A value from parsed JSON; throws `JsonMismatch` if it is not of the type.
let ofElement<'T> (path: string) (element: JsonElement) : 'T =
    (codecOf typeof<'T>).Read path element :?> 'T

/// A value from its text; throws `JsonMismatch` if it is not JSON of the type.
let ofText<'T> (text: string) : 'T =
    try
        use document = JsonDocument.Parse text
        ofElement<'T> "$" document.RootElement
    with :? JsonException as error ->
        raise (JsonMismatch error.Message)
