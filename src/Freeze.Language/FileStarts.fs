/// Which tensors of a file a net's weights start from, under the net's own names or a publisher's.
module Freeze.Language.FileStarts

open System
open System.Collections.Generic
open Freeze

/// How a net reads a weights file.
type Reading =
    {
        File: WeightFile
        /// The publisher's names; None if the file uses the net's own.
        Table: NetNames.Table option
        /// A prefix of all names in the file that is skipped: `module.`; "" if there is none.
        PassedOver: string
        /// A prefix that all names of the net have and those of the file lack: `resnet.`; "" if there is none.
        Lacking: string
        /// The classifier's layer, if the file has it by its full name.
        Apart: string option
    }

    /// A layer's name in the file.
    member this.LayerOf(layer: string) : string =
        let name =
            match this.Table with
            | Some table -> NetNames.ofLayer table layer
            | None -> layer

        if this.Apart = Some layer then
            name
        elif name.StartsWith(this.Lacking, StringComparison.Ordinal) then
            this.PassedOver + name.Substring this.Lacking.Length
        else
            this.PassedOver + name

    /// A weight's name in the file.
    member this.NameOf(weight: Weight) : string =
        this.LayerOf weight.Layer + weight.Name.Substring weight.Layer.Length

/// The weights of the net's classifier, if that is the last layer.
let headOf (net: Weight[]) : Weight list =
    match Array.tryLast net with
    | Some last when last.Kind = LayerKind.Linear ->
        net |> Seq.filter (fun weight -> weight.Layer = last.Layer) |> List.ofSeq
    | _ -> []

let private layerOf (name: string) =
    name.Substring(0, max 0 (name.LastIndexOf '.'))

/// Longer prefixes would be slow to find, and nobody writes them.
let private mostSegments = 8

/// The prefixes, in whole segments, that all layers share, "" first.
let private sharedBeginnings (layers: string seq) : string list =
    let shared (a: string[]) (b: string[]) =
        Seq.zip a b |> Seq.takeWhile (fun (a, b) -> a = b) |> Seq.map fst |> Array.ofSeq

    let segments =
        [
            for layer in Seq.distinct layers ->
                let all = layer.Split '.'
                all[.. all.Length - 2]
        ]

    match segments with
    | [] -> [ "" ]
    | several ->
        several
        |> List.reduce shared
        |> Array.truncate mostSegments
        |> Array.scan (fun beginning segment -> $"{beginning}{segment}.") ""
        |> List.ofArray

/// The file's layers without counters and, if there are others, without linear layers: one of those may be a classifier that a
/// wrapper adds outside the rest of the net.
let private body (file: WeightFile) : string list =
    let tensors =
        file.Tensors
        |> Seq.filter (fun entry -> entry.Shape.Length > 0)
        |> Seq.groupBy (fun entry -> layerOf entry.Name)
        |> List.ofSeq

    let isLinear (_, entries: StoredEntry seq) =
        entries |> Seq.exists (fun entry -> entry.Shape.Length = 2)

    match tensors |> List.filter (isLinear >> not) with
    | [] -> tensors
    | others -> others
    |> List.map fst

/// The reading of the file that finds the most weights of the net. On ties, the one that skips and lacks least, then the net's
/// own names, then those of the first table.
let read (tables: NetNames.Table list) (net: Weight[]) (file: WeightFile) : Reading =
    let held = file.Tensors |> Seq.map _.Name |> HashSet
    let head = headOf net
    let layers = net |> Seq.map _.Layer |> Seq.distinct |> List.ofSeq
    let holds (reading: Reading) = reading.NameOf >> held.Contains

    let apart (reading: Reading) =
        match head with
        | weight :: _ ->
            let whole =
                { reading with
                    Apart = Some weight.Layer
                }

            let isIn reading = head |> List.exists (holds reading)
            if isIn whole && not (isIn reading) then whole else reading
        | [] -> reading

    [
        let beginnings = sharedBeginnings (body file)

        for table in None :: List.map Some tables do
            let plain =
                {
                    File = file
                    Table = table
                    PassedOver = ""
                    Lacking = ""
                    Apart = None
                }

            let others =
                layers
                |> List.filter (fun layer -> head |> List.forall (fun weight -> weight.Layer <> layer))

            for lacking in sharedBeginnings (List.map plain.LayerOf others) do
                for passed in beginnings do
                    apart
                        { plain with
                            PassedOver = passed
                            Lacking = lacking
                        }
    ]
    |> List.maxBy (fun reading ->
        net |> Seq.filter (holds reading) |> Seq.length,
        -(reading.PassedOver.Length + reading.Lacking.Length))

/// What a batch norm stores in a file besides its weights.
let statistics = [ "running_mean"; "running_var"; "num_batches_tracked" ]

/// Tensors of the file that are not part of the net, except PyTorch's own counters.
let leftOver (net: Weight[]) (reading: Reading) : string list =
    let known =
        HashSet(
            net
            |> Seq.collect (fun weight ->
                seq {
                    reading.NameOf weight

                    if weight.Kind = LayerKind.BatchNorm then
                        for statistic in statistics do
                            $"{reading.LayerOf weight.Layer}.{statistic}"
                })
        )

    reading.File.Tensors
    |> Seq.map _.Name
    |> Seq.filter (known.Contains >> not)
    |> List.ofSeq

/// The classifier's number of units in the file, if only that differs from the net; 0 if the file has no classifier.
let private otherUnits (reading: Reading) (head: Weight list) : int64 option =
    let found =
        head
        |> List.map (fun weight ->
            weight,
            reading.File.Tensors
            |> Array.tryFind (fun entry -> entry.Name = reading.NameOf weight))

    if found |> List.forall (fun (_, entry) -> entry.IsNone) then
        Some 0L
    else
        let units (weight: Weight, entry: StoredEntry option) =
            match entry with
            | Some entry when
                entry.Shape.Length = weight.Shape.Length
                && entry.Shape[1..] = Array.map int64 weight.Shape[1..]
                ->
                Some entry.Shape[0]
            | _ -> None

        match found |> List.map units |> List.distinct with
        | [ Some units ] when units <> int64 head.Head.Shape[0] -> Some units
        | _ -> None

/// A tensor that is not part of the net and may be a classifier on the net's last features.
let private otherHead (net: Weight[]) (reading: Reading) (head: Weight list) : string option =
    let width =
        head
        |> List.tryPick (fun weight ->
            match weight.Shape with
            | [| _; width |] -> Some(int64 width)
            | _ -> None)

    let left = HashSet(leftOver net reading)

    reading.File.Tensors
    |> Array.tryFind (fun entry ->
        entry.Shape.Length = 2
        && Some entry.Shape[1] = width
        && left.Contains entry.Name)
    |> Option.map _.Name

/// What some weights of a net start from in a file.
type Start =
    {
        Reading: Reading
        /// Its full path.
        Path: string
        /// The layers that start on their own nevertheless.
        Without: string list
    }

    /// Where a weight starts; None if it starts on its own.
    member this.Of(weight: Weight) : Freeze.Start option =
        if List.contains weight.Layer this.Without then
            None
        else
            let layer = this.Reading.LayerOf weight.Layer

            Some(
                Start.File(this.Path, this.Reading.File.Digest, (if layer = weight.Layer then "" else layer))
            )

let private faults (reading: Reading) (weights: Weight list) : string option =
    let missing, unfit =
        weights
        |> List.choose (fun weight ->
            let name = reading.NameOf weight

            WeightFiles.fault reading.File name weight.Shape
            |> Option.map (fun fault -> name, fault))
        |> List.partition (fun (name, _) ->
            not reading.File.IsPart
            && reading.File.Tensors |> Array.forall (fun entry -> entry.Name <> name))

    let told =
        [
            match missing with
            | [] -> ()
            | several when several.Length = weights.Length && several.Length > 2 ->
                $"it holds none of these {several.Length} tensors: `freeze import` shows what it holds"
            | several -> "it holds no " + Suggest.list "or" 6 (List.map fst several)
            yield! unfit |> List.map snd |> List.distinct |> List.truncate 3
        ]

    if told.IsEmpty then None else Some(String.concat "; " told)

/// What weights start from in a file named by one rule. A classifier of another size starts on its own, unless the rule is about
/// it alone.
let find
    (report: Diagnostic -> unit)
    (tables: NetNames.Table list)
    (net: Weight[])
    (span: Span)
    (path: string, file: WeightFile)
    (weights: Weight list)
    : Start =
    let reading = read tables net file

    let headLayer = headOf net |> List.tryHead |> Option.map _.Layer

    let head, others =
        weights |> List.partition (fun weight -> Some weight.Layer = headLayer)

    let without =
        if head.IsEmpty || others.IsEmpty || file.IsPart then
            None
        else
            otherUnits reading head

    match faults reading (if without.IsSome then others else weights), without with
    | Some faults, _ -> report (Diagnostic.weightsUnfit span faults)
    | None, Some units ->
        let other = if units = 0L then otherHead net reading head else None
        report (Diagnostic.headByItself span head.Head.Layer units head.Head.Shape[0] other)
    | None, None -> ()

    {
        Reading = reading
        Path = path
        Without = if without.IsSome then [ head.Head.Layer ] else []
    }

/// The starts of the weights that rules take from files, keyed by the place where each file is written; errors go to `report`.
/// `file` gives a file's full path and content.
let all
    (report: Diagnostic -> unit)
    (file: Located<string> -> Result<string * WeightFile, Diagnostic>)
    (tables: NetNames.Table list)
    (net: Weight[])
    (claimed: (Located<string> * Weight) list)
    : Map<Span, Start> =
    let unfit = HashSet<string>()

    let noting path (diagnostic: Diagnostic) =
        if diagnostic.Severity = Severity.Error then
            unfit.Add path |> ignore

        report diagnostic

    let found =
        [
            for written, weights in claimed |> List.groupBy fst do
                match file written |> Diagnostic.keep report with
                | Some found ->
                    written.Span,
                    List.map snd weights |> find (noting (fst found)) tables net written.Span found
                | None -> ()
        ]

    // If a file does not fit, or only a part of the net starts from it, too much is left over to report.
    for _, several in
        found
        |> List.filter (fun (_, start) -> not (unfit.Contains start.Path))
        |> List.groupBy (fun (_, start) -> start.Path) do
        let spans = several |> List.map fst

        let started =
            claimed
            |> List.filter (fun (written, _) -> List.contains written.Span spans)
            |> List.map snd
            |> List.append (headOf net)
            |> List.distinctBy _.Name

        match leftOver net (snd several.Head).Reading with
        | [] -> ()
        | names when started.Length = net.Length -> report (Diagnostic.leftOver spans.Head names)
        | _ -> ()

    Map.ofList found
