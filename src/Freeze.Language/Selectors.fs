/// Which weights of a net a selector matches.
module Freeze.Language.Selectors

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values

/// A net as seen by rules.
type NetView =
    {
        NetName: string
        Weights: Weight[]
        /// For each weight, the path segments of its layer.
        Paths: string[][]
        /// For each weight, its layer's number, from 1, in the order of conv and linear layers; a norm has the number of the
        /// layer that it belongs to.
        Numbers: int[]
        LayerCount: int
        /// For each weight, its stage, from 1; 0 after the last stage or if there are none.
        Stages: int[]
        StageCount: int
    }

/// Whether a word matches a pattern in which `*` stands for any characters.
let private glob (pattern: string) (text: string) =
    // Only the last star needs backtracking.
    let rec go p t star retry =
        if t = text.Length then
            pattern.Substring(p).Trim('*') = ""
        elif p < pattern.Length && pattern[p] = '*' then
            go (p + 1) t p t
        elif p < pattern.Length && pattern[p] = text[t] then
            go (p + 1) (t + 1) star retry
        elif star >= 0 then
            go (star + 1) (retry + 1) star (retry + 1)
        else
            false

    go 0 0 -1 0

/// The number of each layer that has weights. A norm directly after a convolution belongs to it; any other belongs to the next
/// conv or linear layer, or to the last one if none follows.
let private numbers (net: Net) : Map<string, int> * int =
    let isCounted (node: Node) =
        node.Operation.IsConv || node.Operation.IsLinear

    let counted =
        net.Nodes
        |> Array.filter isCounted
        |> Array.mapi (fun i node -> node.Name, i + 1)
        |> Map.ofArray

    let folder (passed, found) (node: Node) =
        if isCounted node then
            passed + 1, Map.add node.Name (passed + 1) found
        elif
            node.Operation.IsBatchNorm
            || node.Operation.IsGroupNorm
            || node.Operation.IsLayerNorm
        then
            let before = net.Nodes[node.Inputs[0]]

            let number =
                if before.Operation.IsConv then
                    counted[before.Name]
                else
                    min (passed + 1) counted.Count

            passed, Map.add node.Name number found
        else
            passed, found

    net.Nodes |> Array.fold folder (0, Map.empty) |> snd, counted.Count

/// The stage of each layer: by its path or, for stages made by marks, by its place.
let private stages (net: Net) : Map<string, int> =
    let isNamed = net.Nodes |> Array.exists (fun node -> node.Name.StartsWith "stage1.")

    let stage index (node: Node) =
        let found =
            if isNamed then
                net.Stages
                |> Array.tryFindIndex (fun stage -> node.Name.StartsWith(stage.Name + "."))
            else
                net.Stages |> Array.tryFindIndex (fun stage -> index <= stage.Output)

        node.Name, found |> Option.map ((+) 1) |> Option.defaultValue 0

    net.Nodes |> Array.mapi stage |> Map.ofArray

let view netName (net: Net) : NetView =
    let weights = Net.weights net
    let numbers, count = numbers net
    let stages = stages net

    {
        NetName = netName
        Weights = weights
        Paths = weights |> Array.map _.Layer.Split('.')
        Numbers = weights |> Array.map (fun weight -> numbers[weight.Layer])
        LayerCount = count
        Stages = weights |> Array.map (fun weight -> stages[weight.Layer])
        StageCount = net.Stages.Length
    }

/// The part names that may begin a selector, in the order of the net.
let partNames (view: NetView) =
    view.Paths |> Seq.map Array.head |> Seq.distinct |> List.ofSeq

let private matchesPath (pattern: string[]) (path: string[]) (weight: Weight) =
    let prefixOf (segments: string[]) =
        pattern.Length <= segments.Length
        && Array.forall2 glob pattern segments[.. pattern.Length - 1]

    let leaf = if weight.IsBias then "bias" else "weight"

    prefixOf path
    || (pattern.Length = path.Length + 1 && prefixOf (Array.append path [| leaf |]))

let private where (view: NetView) predicate =
    seq { 0 .. view.Weights.Length - 1 } |> Seq.filter predicate |> Set.ofSeq

let private ofKind view kind =
    where view (fun i -> view.Weights[i].Kind = kind)

let private ofPath view span (path: string) =
    match path with
    | "all" -> Ok(where view (fun _ -> true))
    | "conv" -> Ok(ofKind view LayerKind.Conv)
    | "linear" -> Ok(ofKind view LayerKind.Linear)
    | "bn" -> Ok(ofKind view LayerKind.BatchNorm)
    | "norm" -> Ok(where view (fun i -> LayerKind.isNorm view.Weights[i].Kind))
    // Biases of layers; a norm's shift is selected with the norm.
    | "bias" ->
        where view (fun i -> view.Weights[i].IsBias && not (LayerKind.isNorm view.Weights[i].Kind))
        |> Ok
    | "rest" -> Error(Diagnostic.restStandsAlone span)
    | _ ->
        let pattern = path.Split '.'

        let found = where view (fun i -> matchesPath pattern view.Paths[i] view.Weights[i])

        if found.IsEmpty then
            Error(Diagnostic.unknownSelector span path view.NetName (partNames view))
        else
            Ok found

/// The indices of the weights that a selector matches. Matching nothing is an error unless it is asked for, as in `first 0
/// layers`.
let rec resolve (scope: Scope) (view: NetView) (selector: Selector) : Result<Set<int>, Diagnostic> =
    let between first last =
        where view (fun i -> int64 view.Numbers[i] >= first && int64 view.Numbers[i] <= last)

    let layer least expression =
        match wholeBetween scope 0L (int64 System.Int32.MaxValue) "the layer" expression with
        | Ok asked when asked < least || asked > int64 view.LayerCount ->
            Error(Diagnostic.layerOutOfRange expression.Span (int asked) view.LayerCount)
        | other -> other

    let stage number =
        where view (fun i -> int64 view.Stages[i] = number)

    let noStage (span: Span) =
        Error(Diagnostic.stageOutOfRange span view.NetName view.StageCount)

    let combined combine a b =
        both (resolve scope view a) (resolve scope view b)
        |> Result.map (fun (a, b) -> combine a b)

    match selector.Value with
    | Select.Path path -> ofPath view selector.Span path
    | Select.Each _ -> Ok(where view (fun _ -> true))
    | Select.First count -> layer 0L count |> Result.map (between 1L)
    | Select.Last count ->
        layer 0L count
        |> Result.map (fun count -> between (int64 view.LayerCount - count + 1L) (int64 view.LayerCount))
    | Select.Layer index -> layer 1L index |> Result.map (fun index -> between index index)
    | Select.Layers(first, last) ->
        both (layer 1L first) (layer 1L last)
        |> Result.bind (fun (first, last) ->
            if first <= last then
                Ok(between first last)
            else
                Error(Diagnostic.emptyRange selector.Span first last))
    | Select.Stage number ->
        match wholeBetween scope 1L (int64 System.Int32.MaxValue) "the stage" number with
        | Ok number when number <= int64 view.StageCount -> Ok(stage number)
        | Ok _ -> noStage number.Span
        | Error e -> Error e
    | Select.LastStage when view.StageCount = 0 -> noStage selector.Span
    | Select.LastStage -> Ok(stage (int64 view.StageCount))
    | Select.Union several -> several |> List.map (resolve scope view) |> all |> Result.map Set.unionMany
    | Select.In(parts, inside) -> combined Set.intersect parts inside
    | Select.Except(parts, without) -> combined Set.difference parts without

/// Whether a selector may match nothing: `first k layers` does for k = 0.
let mayBeEmpty (selector: Selector) : bool =
    Walk.selectors selector
    |> Seq.exists (fun inner -> inner.Value.IsFirst || inner.Value.IsLast)
