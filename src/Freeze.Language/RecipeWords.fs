/// Describes a plan in the words of the language, for people who compare plans.
[<RequireQualifiedAccess>]
module Freeze.Language.RecipeWords

open System
open System.Text
open System.Text.Json
open Freeze

/// Names of cases and fields that are not simply hyphenated at capitals.
let private names =
    Map.ofList
        [
            "learningRate", "lr"
            "epsilon", "eps"
            "rmsProp", "rmsprop"
            "adamW", "adamw"
            "yellowFin", "yellowfin"
            "rotation", "rotate"
            "batchNorm", "bn"
            "groupNorm", "groupnorm"
            "layerNorm", "layernorm"
            "leakyRelu", "leakyrelu"
            "maxPool", "maxpool"
            "avgPool", "avgpool"
        ]

/// Turns "crossEntropy" into `cross-entropy`.
let private word (name: string) =
    match Map.tryFind name names with
    | Some word -> word
    | None ->
        let text = StringBuilder()

        for letter in name do
            if Char.IsUpper letter then
                text.Append('-').Append(Char.ToLowerInvariant letter) |> ignore
            else
                text.Append letter |> ignore

        text.ToString()

/// Cases without a word in the language: only their value is shown.
let private unsaid = set [ "first"; "heldOut" ]

/// A value of a recipe, from its canonical JSON: `sgd(lr 0.02, momentum 0.9)`.
let rec private value (json: JsonElement) : string =
    match json.ValueKind with
    | JsonValueKind.True -> "on"
    | JsonValueKind.False -> "off"
    | JsonValueKind.String -> word (json.GetString())
    | JsonValueKind.Array ->
        match json.EnumerateArray() |> Seq.map value |> List.ofSeq with
        | [] -> "none"
        | [ only ] -> only
        | several -> "[" + String.Join(", ", several) + "]"
    | JsonValueKind.Object ->
        let fields = json.EnumerateObject() |> List.ofSeq

        match fields with
        | [ case ] when case.Value.ValueKind = JsonValueKind.Object ->
            match case.Value.EnumerateObject() |> List.ofSeq with
            | [ only ] when unsaid.Contains case.Name -> value only.Value
            | [ only ] when case.Name = "copies" -> $"copies {value only.Value}"
            | [ only ] -> $"{word case.Name}({value only.Value})"
            | [ shorter; height; width ] when case.Name = "to" ->
                $"{value shorter.Value} crop {value height.Value}x{value width.Value}"
            | inner -> $"{word case.Name}({listed inner})"
        | _ -> $"({listed fields})"
    | _ -> json.GetRawText()

and private listed (fields: JsonProperty list) =
    fields
    |> List.map (fun field -> $"{word field.Name} {value field.Value}")
    |> String.concat ", "

/// A field of a recipe in the form of `Json.fields`.
let ofJson (text: string) : string =
    use document = JsonDocument.Parse text
    value document.RootElement

/// Names of a net's parts as written in the net.
let parts (names: string[]) : string =
    if names.Length = 0 then
        "none"
    else
        String.Join(", ", names)

let of' (content: 'T) : string = ofJson (Json.toText content)

/// The augmentations as written in a file: `crop(2) flip copies 2`.
let augmentations (several: Augmentation[]) : string =
    if several.Length = 0 then
        "none"
    else
        several |> Seq.map of' |> String.concat " "

/// What a dimension of a layer's weight counts, such as filters.
let dimension (kind: LayerKind) (index: int) : string =
    Vocabulary.dimensions
    |> List.find (fun dimension -> dimension.Kind = kind && dimension.Index = index)
    |> _.Word

let private still (stillness: Stillness) =
    if stillness.IsZero then "zero" else "fixed"

/// What happens to a weight, as written in a rule.
let action (plan: WeightPlan) : string =
    let part count index (rest: Stillness) =
        $"train {count} of {plan.Weight.Shape[index]} {dimension plan.Weight.Kind index}, rest {still rest}"

    match plan.Treatment with
    | Treatment.Trained -> "train"
    | Treatment.Still stillness -> still stillness
    | Treatment.Slice(index, indices, rest) -> part $"{indices.Length}" index rest
    | Treatment.Largest(index, count, rest) -> part $"the largest {count}" index rest
    | Treatment.Solved ridge -> $"solve ridge {ridge}"

/// How the trained part of a weight is updated, if that differs from the default: `lr 0.1x, decay 0, from epoch 5`.
let update (update: Update) : string =
    let rate word rate =
        match rate with
        | Rate.Times 1.0 -> ""
        | Rate.Times factor -> $"{word} {factor}x"
        | Rate.Exactly value -> $"{word} {value}"

    [
        rate "lr" update.LearningRate
        rate "decay" update.Decay
        match update.Period with
        | Period.Always -> ""
        | Period.Epochs(first, last) -> $"from epoch {first} until epoch {last}"
    ]
    |> List.filter ((<>) "")
    |> String.concat ", "
