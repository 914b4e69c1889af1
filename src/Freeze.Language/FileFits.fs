/// What a weights file holds: its layers, and which library net it fits.
module Freeze.Language.FileFits

open System.Collections.Generic
open Freeze
open Freeze.Language.Syntax

/// Tensors of a file whose names differ only after the last dot.
type StoredLayer =
    {
        Name: string
        /// `conv`, `linear`, `bn`, `norm` or `other`: from the tensors' names and shapes in PyTorch's convention.
        Kind: string
        /// The shape of its weight; for other layers, of the first tensor.
        Shape: int64[]
        /// Number of scalars that may be trained; statistics do not count.
        Parameters: int64
    }

/// How a library net fits a file.
type Fit =
    {
        /// As written in a Freeze file: `wrn-28-4`.
        Net: string
        /// The publishers whose names the file uses; empty if it uses the net's own names.
        Publishers: string list
        /// The prefix of the file's names that is skipped, and the one that they lack: `module.`, `resnet.`; or "".
        PassedOver: string
        Lacking: string
        /// 0 if the file has no classifier.
        Classes: int64
        /// The net's layers, each with its name in the file.
        Layers: (string * string) list
        /// How many of the net's weights the file has in their shapes, and how many there are.
        Found: int
        Of: int
        Missing: string list
        /// The missing weights of the classifier, if the file has none of it but has others.
        MissingHead: string list
        OtherShapes: string list
        LeftOver: string list
    }

    /// Whether the net can start from the file, and nothing in the file indicates another net. A missing classifier is allowed;
    /// it starts on its own.
    member this.IsWhole =
        this.OtherShapes.IsEmpty
        && this.LeftOver.IsEmpty
        && this.Missing = this.MissingHead

    /// Whether the file has all of the net and more.
    member this.IsMore = this.Found = this.Of && not this.LeftOver.IsEmpty

    /// From 0 to 1: the fraction of the net's weights and the file's tensors that fit each other.
    member this.Score =
        let unfit = this.OtherShapes.Length + this.LeftOver.Length
        2.0 * float this.Found / float (this.Of + this.Found + unfit)

let private parts (name: string) =
    match name.LastIndexOf '.' with
    | -1 -> "", name
    | dot -> name.Substring(0, dot), name.Substring(dot + 1)

let private size (entry: StoredEntry) = Array.fold (*) 1L entry.Shape

/// A file's layers, in the order of its header.
let layers (file: WeightFile) : StoredLayer list =
    [
        for name, tensors in
            file.Tensors
            |> List.ofArray
            |> List.groupBy (fun entry -> fst (parts entry.Name)) do
            let named wanted =
                tensors |> List.tryFind (fun entry -> snd (parts entry.Name) = wanted)

            {
                Name = name
                Kind =
                    match named "weight", named "running_mean" with
                    | Some { Shape = [| _ |] }, Some _ -> "bn"
                    | Some { Shape = [| _ |] }, None -> "norm"
                    | Some { Shape = [| _; _ |] }, None -> "linear"
                    | Some { Shape = [| _; _; _; _ |] }, None -> "conv"
                    | _ -> "other"
                Shape = (named "weight" |> Option.defaultValue tensors.Head).Shape
                Parameters =
                    tensors
                    |> List.filter (fun entry ->
                        not (List.contains (snd (parts entry.Name)) FileStarts.statistics))
                    |> List.sumBy size
            }
    ]

/// The library's nets as written in files; nets with parameters in their published sizes.
let private candidates () : string list =
    [
        for entry in NetLibrary.all () do
            if entry.Definition.Parameters.IsEmpty then
                entry.Definition.Name.Value
        for depth in [ 10; 16; 22; 28; 40 ] do
            for widen in [ 1; 2; 4; 8; 10 ] do
                $"wrn-{depth}-{widen}"
        for depth, growth in [ 40, 12; 100, 12; 100, 24; 190, 40 ] do
            $"densenet-{depth}-{growth}"
    ]

/// The image shapes of MNIST, CIFAR, Tiny-ImageNet and ImageNet.
let private images =
    [ [| 1; 28; 28 |]; [| 3; 32; 32 |]; [| 3; 64; 64 |]; [| 3; 224; 224 |] ]

let private build (name: string) (image: int[]) : NetChecker.Built option =
    let call = Calls.bare (at Span.Nowhere name)

    match NetLibrary.resolve Map.empty call with
    | Error _ -> None
    | Ok found ->
        // The last layer takes its number of units from the file, so that number is checked separately.
        NetChecker.check ignore Values.Scope.Empty Values.Scope.Empty found.Definition found.Call image 10

let private fit (file: WeightFile) (name: string) (built: NetChecker.Built) : Fit =
    let net = Net.weights built.Net
    let reading = FileStarts.read built.Names net file

    let entries =
        file.Tensors
        |> Seq.map (fun entry -> KeyValuePair(entry.Name, entry))
        |> Dictionary

    let head = FileStarts.headOf net

    let units =
        head
        |> List.tryPick (fun weight ->
            match entries.TryGetValue(reading.NameOf weight) with
            | true, entry when entry.Shape.Length > 0 -> Some entry.Shape[0]
            | _ -> None)
        |> Option.defaultValue 0L

    let shapeFits (weight: Weight) (entry: StoredEntry) =
        let wanted = Array.map int64 weight.Shape

        entry.Shape = wanted
        || (List.contains weight head
            && entry.Shape.Length = wanted.Length
            && entry.Shape[0] = units
            && entry.Shape[1..] = wanted[1..])

    let looked =
        [
            for weight in net do
                let name = reading.NameOf weight

                match entries.TryGetValue name with
                | true, entry -> name, Some(shapeFits weight entry)
                | false, _ -> name, None
        ]

    let named wanted =
        looked |> List.filter (fun (_, found) -> found = wanted) |> List.map fst

    let missing = named None
    let headNames = head |> List.map reading.NameOf

    {
        Net = name
        Publishers = reading.Table |> Option.map _.Publishers |> Option.defaultValue []
        PassedOver = reading.PassedOver
        Lacking = reading.Lacking
        Classes = units
        Layers =
            net
            |> Seq.map _.Layer
            |> Seq.distinct
            |> Seq.map (fun layer -> layer, reading.LayerOf layer)
            |> List.ofSeq
        Found = (named (Some true)).Length
        Of = net.Length
        Missing = missing
        MissingHead =
            if
                headNames.Length < net.Length
                && headNames |> List.forall (fun name -> List.contains name missing)
            then
                headNames
            else
                []
        OtherShapes = named (Some false)
        LeftOver = FileStarts.leftOver net reading
    }

/// The library net that fits a file best, if one fits at least half of it.
let best (file: WeightFile) : Fit option =
    let of' (name: string) =
        images
        |> Seq.choose (build name)
        |> Seq.map (fit file name)
        // The names of layers do not depend on the images.
        |> Seq.takeWhile (fun fit -> 2 * fit.Missing.Length <= fit.Of)
        |> List.ofSeq

    match candidates () |> List.collect of' with
    | [] -> None
    | fits ->
        fits
        |> List.maxBy _.Score
        |> Some
        |> Option.filter (fun fit -> fit.Score >= 0.5)
