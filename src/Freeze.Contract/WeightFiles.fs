namespace Freeze

open System
open System.Collections.Generic
open System.IO
open System.Runtime.InteropServices
open System.Security.Cryptography
open System.Text.Json

/// A tensor of a safetensors file.
type StoredEntry =
    {
        Name: string
        /// The number type: `F64`, `F32`, `F16`, `BF16`, or one without floats.
        Type: string
        Shape: int64[]
        /// Byte range in the file; the end is exclusive.
        Start: int64
        End: int64
    }

/// What a plan needs to know about a weights file.
type WeightFile =
    {
        /// The SHA-256 of its bytes.
        Digest: string
        Tensors: StoredEntry[]
        /// Names of tensors in which a number is infinite or NaN.
        NotFinite: Set<string>
        /// Whether it holds only a run's own part: the rest is in the file of another run.
        IsPart: bool
    }

/// The safetensors format (github.com/huggingface/safetensors): the length of a JSON header as 8 little-endian bytes, the header
/// with type, shape and byte range of each tensor, then the tensors' bytes.
[<RequireQualifiedAccess>]
module WeightFiles =
    /// The key in a weights file's header that says which weights are in the file of another run.
    [<Literal>]
    let Borrowed = "borrowed"

    /// The format name of a file with that key.
    [<Literal>]
    let Part = "it holds only what the run has learned: freeze export writes all of it"

    /// The format's own limit for headers.
    let private largestHeader = 100_000_000L

    let private largest = 17_179_869_184L

    let private sizes =
        dict
            [
                for size, types in
                    [
                        8L, [ "F64"; "I64"; "U64" ]
                        4L, [ "F32"; "I32"; "U32" ]
                        2L, [ "F16"; "BF16"; "I16"; "U16" ]
                        1L, [ "BOOL"; "I8"; "U8"; "F8_E4M3"; "F8_E5M2" ]
                    ] do
                    for name in types do
                        name, size
            ]

    /// Whether weights can start from numbers of this type.
    let isReadable (entry: StoredEntry) =
        List.contains entry.Type [ "F64"; "F32"; "F16"; "BF16" ]

    let private unsound reason =
        InvalidDataException $"this is not a valid safetensors file: {reason}"

    let private demand isSound reason =
        if not isSound then
            raise (unsound reason)

    let private entry (data: int64) (property: JsonProperty) : StoredEntry =
        let kind = property.Value.GetProperty("dtype").GetString()

        if isNull kind || not (sizes.ContainsKey kind) then
            raise (InvalidDataException $"{property.Name} is of type {kind}, which Freeze does not know")

        let shape =
            [|
                for extent in property.Value.GetProperty("shape").EnumerateArray() -> extent.GetInt64()
            |]

        demand (shape |> Array.forall (fun extent -> extent >= 0L)) $"{property.Name} has no valid shape"
        let offsets = property.Value.GetProperty "data_offsets"
        demand (offsets.GetArrayLength() = 2) $"{property.Name} does not have two offsets"
        let start, finish = offsets[0].GetInt64(), offsets[1].GetInt64()

        let bytes =
            Array.fold (fun product extent -> Checked.(*) product extent) sizes[kind] shape

        demand (finish - start = bytes) $"{property.Name} does not match its byte range"

        {
            Name = property.Name
            Type = kind
            Shape = shape
            Start = data + start
            End = data + finish
        }

    /// The format forbids gaps and overlaps, so that no byte of a file is hidden or has two meanings.
    let private demandGapless (data: int64) (length: int64) (entries: StoredEntry[]) =
        let last =
            (data, entries |> Array.sortBy (fun entry -> entry.Start, entry.End))
            ||> Array.fold (fun place entry ->
                demand (entry.Start = place && entry.End >= place) "its tensors overlap or leave a gap"
                entry.End)

        demand (last = length) $"its tensors end at byte {last} of {length}"

    /// The tensors of a file in header order, and the header's texts; `InvalidDataException` says what is damaged. Leaves the
    /// stream at the first tensor.
    let header (file: Stream) : StoredEntry[] * IReadOnlyDictionary<string, string> =
        let prefix = Array.zeroCreate<byte> 8
        demand (file.ReadAtLeast(prefix, 8, throwOnEndOfStream = false) = 8) "it is too short"
        let length = BitConverter.ToInt64 prefix

        demand
            (length >= 2L && length <= largestHeader && length <= file.Length - 8L)
            "its header has no valid length"

        let bytes = Array.zeroCreate<byte>(int length)
        file.ReadExactly bytes

        try
            use json = JsonDocument.Parse bytes
            demand (json.RootElement.ValueKind = JsonValueKind.Object) "its header is not a JSON object"
            let data = 8L + length

            let entries =
                [|
                    for property in json.RootElement.EnumerateObject() do
                        if property.Name <> "__metadata__" then
                            try
                                entry data property
                            with
                            | :? InvalidOperationException
                            | :? KeyNotFoundException
                            | :? FormatException
                            | :? OverflowException ->
                                raise (unsound $"{property.Name} has no valid dtype, shape and data_offsets")
                |]

            demand
                (entries |> Array.distinctBy _.Name |> Array.length = entries.Length)
                "two tensors have the same name"

            demandGapless data file.Length entries

            let notes =
                match json.RootElement.TryGetProperty "__metadata__" with
                | true, notes -> [ for note in notes.EnumerateObject() -> note.Name, note.Value.GetString() ]
                | false, _ -> []

            entries, dict notes |> Dictionary :> _
        with
        | :? JsonException
        | :? InvalidOperationException
        | :? ArgumentException as error ->
            raise (InvalidDataException("the safetensors header is damaged: it is not JSON of texts", error))

    let private areFinite kind (bytes: Span<byte>) =
        let mutable finite = true

        match kind with
        | "F64" ->
            for value in MemoryMarshal.Cast<byte, double> bytes do
                finite <- finite && Double.IsFinite value
        | "F32" ->
            for value in MemoryMarshal.Cast<byte, single> bytes do
                finite <- finite && Single.IsFinite value
        | "F16" ->
            for value in MemoryMarshal.Cast<byte, Half> bytes do
                finite <- finite && Half.IsFinite value
        | "BF16" ->
            for bits in MemoryMarshal.Cast<byte, uint16> bytes do
                finite <- finite && bits &&& 0x7F80us <> 0x7F80us
        | _ -> ()

        finite

    /// What a file's header says, without reading its numbers: no digest, and no check that they are finite.
    let glance (file: Stream) : WeightFile =
        let entries, notes = header file

        {
            Digest = ""
            Tensors = entries
            NotFinite = Set.empty
            IsPart = notes.ContainsKey Borrowed
        }

    /// Reads a whole file once; `InvalidDataException` says what is damaged.
    let ofStream (file: Stream) : WeightFile =
        let entries, notes = header file
        let data = file.Position
        use hash = IncrementalHash.CreateHash HashAlgorithmName.SHA256
        let buffer = Array.zeroCreate<byte>(1 <<< 20)

        /// Reads up to `finish`; calls `take` with the number of bytes in the buffer, always whole numbers of any type.
        let rec pass (finish: int64) take =
            let count = int (min (finish - file.Position) buffer.LongLength)

            if count > 0 then
                file.ReadExactly(buffer, 0, count)
                hash.AppendData(buffer, 0, count)
                take count
                pass finish take

        file.Position <- 0L
        pass data ignore

        let isFinite (entry: StoredEntry) =
            let parts = ResizeArray<bool>()
            pass entry.End (fun count -> parts.Add(areFinite entry.Type (buffer.AsSpan(0, count))))
            not (parts.Contains false)

        let notFinite =
            entries
            |> Array.sortBy _.Start
            |> Array.filter (isFinite >> not)
            |> Array.map _.Name

        {
            Digest = Convert.ToHexStringLower(hash.GetHashAndReset())
            Tensors = entries
            NotFinite = Set.ofArray notFinite
            IsPart = notes.ContainsKey Borrowed
        }

    /// torch.save writes a zip of pickles; old versions write a pickle.
    let private isPickle (file: Stream) =
        file.Position <- 0L
        let start = Array.zeroCreate<byte> 2
        let count = file.ReadAtLeast(start, 2, throwOnEndOfStream = false)
        count = 2 && (start = "PK"B || start[0] = 0x80uy && start[1] <= 5uy)

    let private unpickled (path: string) =
        let name = Path.GetFileName(path).Replace("\\", "\\\\").Replace("'", "\\'")
        let stem = Path.GetFileNameWithoutExtension name

        let target =
            match $"{stem}.safetensors" with
            | same when same = name -> $"{stem}-converted.safetensors"
            | other -> other

        "it looks like a PyTorch pickle, and reading a pickle may run code, so Freeze reads none. This line of Python makes a file of it \
that can be read: import torch, safetensors.torch as s; s.save_file({n: t.contiguous() for n, t in "
        + $"torch.load('{name}', 'cpu', weights_only=True).items()}}, '{target}')"

    /// Reads a file of at most 16 GiB, or says what is wrong with it; disk errors are thrown.
    let read (content: Stream -> WeightFile) (path: string) : Result<WeightFile, string> =
        match FileInfo(path).Length with
        // A device or a pipe has no length and no end.
        | 0L -> Error "it is empty, or no file"
        | length when length > largest -> Error "it is larger than 16 GiB"
        | _ ->
            use file = File.OpenRead path

            try
                Ok(content file)
            with :? InvalidDataException as error ->
                Error(if isPickle file then unpickled path else error.Message)

    /// Why a tensor of the file cannot be the start of a value with this name and shape; None if it can.
    let fault (file: WeightFile) (name: string) (shape: int[]) : string option =
        let extents (shape: int64 seq) = String.Join("x", shape)

        match file.Tensors |> Array.tryFind (fun entry -> entry.Name = name) with
        | Some entry when file.IsPart && entry.Shape <> Array.map int64 shape -> Some Part
        | None when file.IsPart -> Some Part
        | None -> Some $"it holds no {name}"
        | Some entry when not (isReadable entry) ->
            Some $"its {name} is of type {entry.Type}, and only F64, F32, F16 and BF16 are read"
        | Some entry when entry.Shape <> Array.map int64 shape ->
            Some
                $"its {name} is of shape {extents entry.Shape}, and the net's is {extents (Seq.map int64 shape)}"
        | Some _ when file.NotFinite.Contains name ->
            Some $"its {name} holds a number that is infinite or NaN"
        | Some _ -> None
