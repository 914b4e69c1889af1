/// What check and plan say of files that weights start from.
module Freeze.Language.Tests.WeightFileTests

open System
open System.IO
open System.Text
open Expecto
open Freeze.Tests.Expectations
open Freeze
open Freeze.Language
open Freeze.Language.Tests.Files

/// A safetensors file of tensors: name, type, shape and bytes; behind other entries of its header.
let private writtenBehind
    (first: string list)
    (tensors: (string * string * int list * byte[]) list)
    : byte[] =
    let place (header, start) (name, kind, shape, bytes: byte[]) =
        let shape = shape |> List.map string |> String.concat ","
        let finish = start + bytes.Length

        $"\"{name}\":{{\"dtype\":\"{kind}\",\"shape\":[{shape}],\"data_offsets\":[{start},{finish}]}}"
        :: header,
        finish

    let entries, _ = List.fold place ([], 0) tensors
    let header = first @ List.rev entries |> String.concat ","
    let header = Encoding.UTF8.GetBytes $"{{{header}}}"

    [
        BitConverter.GetBytes(int64 header.Length)
        header
        yield! tensors |> List.map (fun (_, _, _, bytes) -> bytes)
    ]
    |> Array.concat

let private written = writtenBehind []

let private floats count (value: single) =
    Array.concat (Array.replicate count (BitConverter.GetBytes value))

let private halves count (value: float) =
    Array.concat (Array.replicate count (BitConverter.GetBytes(Half.op_Explicit value: Half)))

let private net =
    "data mnist-sample; net n { conv 2 3x3; bn; globalpool; fc: linear classes }; net n\n"

let private conv1 = "conv1.weight", "F32", [ 2; 1; 3; 3 ], floats 18 0.5f
let private bias = "conv1.bias", "F32", [ 2 ], floats 2 0f

let private norm name value =
    $"bn1.{name}", "F32", [ 2 ], floats 2 value

/// The messages of an experiment beside a file `w.safetensors` with these bytes.
let private messages (rules: string) (bytes: byte[]) =
    let folder = Directory.CreateTempSubdirectory("freeze-weights-").FullName

    try
        File.WriteAllBytes(Path.Combine(folder, "w.safetensors"), bytes)

        Compile.analyse
            Compile.defaults
            { source (net + rules) with
                Path = Path.Combine(folder, "x.frz")
            }
        |> _.Diagnostics
        |> List.map (fun d -> $"{d.Code} {d.Message}: {d.Label}")
    finally
        Directory.Delete(folder, true)

let private conv = "conv1: fixed init from \"w.safetensors\""

let private said (words: string) rules bytes =
    match messages rules bytes with
    | [ message ] ->
        startsWith "FRZ038" message
        contains words message
    | several -> failwith $"%A{several}"

[<Tests>]
let tests =
    testList
        "weight files"
        [
            test "a file that fits gives no message, in all types of floats" {
                isEmpty (messages conv (written [ conv1; bias ]))

                isEmpty (
                    messages conv (written [ "conv1.weight", "F16", [ 2; 1; 3; 3 ], halves 18 0.5; bias ])
                )

                let bfloats = Array.concat (Array.replicate 18 [| 0uy; 63uy |])
                isEmpty (messages conv (written [ "conv1.weight", "BF16", [ 2; 1; 3; 3 ], bfloats; bias ]))
            }

            test "what PyTorch counts beside its weights is passed over" {
                let counter = "bn1.num_batches_tracked", "I64", [], Array.zeroCreate 8
                isEmpty (messages conv (written [ conv1; bias; counter ]))
            }

            test "of a file that holds what a run has learned the rest is to be exported" {
                let part = writtenBehind [ "\"__metadata__\":{\"borrowed\":\"{}\"}" ]
                isEmpty (messages conv (part [ conv1; bias ]))

                for tensors in
                    [
                        [ conv1 ]
                        [ bias ]
                        [ "conv1.weight", "F32", [ 1; 1; 3; 3 ], floats 9 0.5f; bias ]
                    ] do
                    said
                        "it holds only what the run has learned: freeze export writes all of it"
                        conv
                        (part tensors)
            }

            test "a tensor that is missing, of another shape or of whole numbers is reported at the rule" {
                said "it holds no conv1.bias" conv (written [ conv1 ])

                said
                    "its conv1.weight is of shape 1x2x3x3, and the net's is 2x1x3x3"
                    conv
                    (written [ "conv1.weight", "F32", [ 1; 2; 3; 3 ], floats 18 0f; bias ])

                said
                    "its conv1.bias is of type I32"
                    conv
                    (written [ conv1; "conv1.bias", "I32", [ 2 ], Array.zeroCreate 8 ])
            }

            test "NaN and infinity are errors in tensors that are used, and in no others" {
                let spoilt value =
                    Array.append (floats 17 1f) (BitConverter.GetBytes(value: single))

                for value in [ nanf; infinityf ] do
                    said
                        "its conv1.weight holds a number"
                        conv
                        (written [ "conv1.weight", "F32", [ 2; 1; 3; 3 ], spoilt value; bias ])

                    isEmpty (messages conv (written [ conv1; bias; "other", "F32", [ 18 ], spoilt value ]))
            }

            test "a classifier of another size, or none, starts by itself, and that is noted" {
                let norms =
                    [
                        norm "weight" 1f
                        norm "bias" 0f
                        norm "running_mean" 0f
                        norm "running_var" 1f
                    ]

                let head units =
                    [
                        "fc.weight", "F32", [ units; 2 ], floats (2 * units) 0.5f
                        "fc.bias", "F32", [ units ], floats units 0f
                    ]

                let whole = conv1 :: bias :: norms
                let rule = "all: train init from \"w.safetensors\""
                isEmpty (messages rule (written (whole @ head 10)))

                let noted (words: string) rules bytes =
                    match messages rules bytes with
                    | [ message ] ->
                        startsWith "FRZ130" message
                        contains words message
                    | several -> failwith $"%A{several}"

                noted "the file's has 1000 units, but the net's has 10" rule (written (whole @ head 1000))
                noted "the file has none" rule (written whole)
                // Where a rule says so, or speaks of the classifier alone, there is nothing to note.
                isEmpty (messages $"{rule}; fc: train init torch" (written (whole @ head 1000)))

                said
                    "its fc.weight is of shape 1000x2, and the net's is 10x2; its fc.bias is"
                    "fc: train init from \"w.safetensors\""
                    (written (head 1000))
                // Of another width before it the net is another.
                said
                    "its fc.weight is of shape 10x3"
                    rule
                    (written (whole @ [ "fc.weight", "F32", [ 10; 3 ], floats 30 0f; (head 10)[1] ]))

                // So it is where the bias alone would fit another number of units, or the two have other numbers of units.
                for units in [ 10; 20 ] do
                    let width = if units = 20 then 2 else 3

                    said
                        $"its fc.weight is of shape {units}x{width}"
                        rule
                        (written (
                            whole
                            @ [
                                "fc.weight", "F32", [ units; width ], floats (units * width) 0f
                                (head 1000)[1]
                            ]
                        ))

                match
                    messages rule (written (whole @ [ "linear.weight", "F32", [ 7; 2 ], floats 14 0f ]))
                with
                | [ own; left ] ->
                    contains "the file has none of this name; its linear.weight may be one" own
                    contains "FRZ131" left
                | several -> failwith $"%A{several}"
            }

            test "what is missing is listed, and what is left over where all of the net starts from the file" {
                let rule = "all: train init from \"w.safetensors\""
                said "it holds no conv1.weight, conv1.bias or bn1.bias" rule (written [ norm "weight" 1f ])

                match messages rule (written [ "features.0.weight", "F32", [ 1 ], floats 1 0f ]) with
                | [ missing ] ->
                    contains "it holds none of these 4 tensors: `freeze import` shows what it holds" missing
                | several -> failwith $"%A{several}"

                let others =
                    [
                        "aux.weight", "F32", [ 1 ], floats 1 0f
                        "aux.bias", "I64", [], Array.zeroCreate 8
                    ]

                let whole = conv1 :: bias :: [ norm "weight" 1f; norm "bias" 0f ]

                match messages $"{rule}; fc: train init torch" (written (whole @ others)) with
                | [ message ] ->
                    startsWith "FRZ131" message
                    contains "2 tensors for which the net has no place: aux.weight and aux.bias" message
                | several -> failwith $"%A{several}"

                isEmpty (messages conv (written (whole @ others)))
            }

            test "a file that PyTorch has pickled is refused with the line that converts it" {
                contains
                    "'w-converted.safetensors')"
                    (messages conv (Array.append "PK"B (Array.zeroCreate 100)) |> List.exactlyOne)

                for start in [ "PK\003\004"B; [| 0x80uy; 2uy |] ] do
                    said "may run code" conv (Array.append start (Array.zeroCreate 100))

                    said
                        "torch.load('w.safetensors', 'cpu', weights_only=True)"
                        conv
                        (Array.append start (Array.zeroCreate 100))
            }

            test "a header that is not the format's is refused in plain words" {
                let header (json: string) =
                    let bytes = Encoding.UTF8.GetBytes json
                    Array.append (BitConverter.GetBytes(int64 bytes.Length)) bytes

                said
                    "conv1.weight is of type C64, which Freeze does not know"
                    conv
                    (written [ "conv1.weight", "C64", [ 1 ], Array.zeroCreate 8 ])

                for json, words in
                    [
                        "[]", "its header is not a JSON object"
                        "{]", "it is not JSON of texts"
                        "{\"a\":{}}", "a has no valid dtype, shape and data_offsets"
                        "{\"a\":7}", "a has no valid dtype, shape and data_offsets"
                        "{\"__metadata__\":7}", "it is not JSON of texts"
                    ] do
                    said words conv (header json)
            }

            test "a file that is cut short is reported at the rule" {
                let whole = written [ conv1; bias ]

                for length in [ 0; 5; 40; whole.Length - 1 ] do
                    messages conv (Array.truncate length whole)
                    |> List.exactlyOne
                    |> startsWith "FRZ038"
            }

            test "frozen statistics are demanded of the file that the norm starts from" {
                let rule = "bn: fixed init from \"w.safetensors\" stats frozen"
                let weights = [ norm "weight" 1f; norm "bias" 0f ]
                let statistics = [ norm "running_mean" 0f; norm "running_var" 1f ]

                isEmpty (messages rule (written (weights @ statistics)))
                said "it holds no bn1.running_mean" rule (written weights)
                said "it holds no bn1.running_var" rule (written (weights @ [ statistics.Head ]))
                isEmpty (messages "bn: fixed init from \"w.safetensors\"" (written weights))
            }
        ]
