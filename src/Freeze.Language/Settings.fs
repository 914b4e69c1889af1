/// The settings of one run: phrases to typed values, defaults where nothing was said.
module Freeze.Language.Settings

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values

/// Which candidates a search tries.
[<RequireQualifiedAccess>]
type Trials =
    /// So many draws beside the start.
    | Random of draws: int
    /// Every combination of the values of choices.
    | Grid
    /// So many, the start among them, of which the best third go on with three times the epochs, and so on.
    | Halving of candidates: int

/// How the draws of a file are tried.
[<RequireQualifiedAccess>]
type Search =
    | No
    /// Each candidate is a run.
    | Runs of Trials
    /// Each stage of a net has candidates of its own.
    | Stages of Trials

type Settings =
    {
        Source: DataSource
        /// What is known of it.
        Data: DataSet
        Images: Images
        Validation: Validation
        Normalisation: Normalisation
        Augmentations: Augmentation list
        Classes: int
        /// Its place is where an error in a library net is shown.
        Net: Arguments.Call
        /// One scheme for all convolutions and linear layers, or the net's own.
        Init: Schemes.Scheme option
        Optimizer: Optimizer
        Schedule: Schedule
        Warmup: int
        Batch: int
        Epochs: int
        Stops: Stop list
        Loss: Loss
        ByStages: bool
        Shuffle: bool
        Precision: Precision
        Device: Device
        Seed: int64
    }

/// A setting as written: its name, and the phrase behind it.
type Written = { Name: Name; Phrase: Phrase }

let private single what (phrase: Phrase) =
    match phrase with
    | [ only ] -> Ok only
    | _ -> Error(Diagnostic.wrongValue (join phrase) what)

let private wholeOf scope least most what phrase =
    single "one number" phrase |> Result.bind (wholeBetween scope least most what)

let private withoutBrackets (call: Arguments.Call) =
    let place =
        call.Arguments
        |> List.tryHead
        |> Option.map _.Content.Span
        |> Option.defaultValue call.Callee.Span

    Diagnostic.wrongValue place $"`{call.Callee.Value}` without brackets"

/// What is known of data sets.
type DataLookup =
    {
        /// The digest of a named set.
        Named: string -> string
        /// The path of a folder of images, and what it holds.
        Folder: Located<string> -> Result<string * FolderContent, Diagnostic>
    }

/// `folder("photos", size 64)`; where it is not on this machine, the file must say how many classes it has.
let private folder (lookup: DataLookup) saysClasses scope (call: Arguments.Call) =
    let usage = "`folder(\"photos\", size 64)`: a folder, and the size of its images"

    Arguments.byName [ "path"; "size" ] [ "path"; "size" ] call
    |> Result.bind (fun values ->
        match Map.tryFind "path" values, Map.tryFind "size" values with
        | Some path, Some size ->
            wholeBetween scope 1L (int64 ImageFolders.largestSize) "the size" size
            |> Result.bind (fun size ->
                match evaluate scope path with
                | Ok { Value = Datum.Text text; Span = span } ->
                    lookup.Folder { Value = text; Span = span }
                    |> Result.bind (fun (path, content) ->
                        if content.Classes > 0 || saysClasses then
                            Ok(path, content)
                        else
                            Error(
                                Diagnostic.notImages
                                    span
                                    "there is no such folder here; `classes 10` would plan without it"
                            ))
                    |> Result.map (fun (path, content) ->
                        DataSource.Folder(
                            path,
                            content.Digest,
                            int size,
                            content.Classes,
                            content.TrainingImages,
                            content.TestImages
                        ))
                | Ok other -> Error(Diagnostic.wrongValue other.Span "a path in quotes")
                | Error e -> Error e)
        | _ -> Error(Diagnostic.wrongValue call.Callee.Span usage))

let private data (lookup: DataLookup) saysClasses scope phrase =
    let names = DataSets.all |> Array.map _.Name |> List.ofArray

    single "one data set" phrase
    |> Result.bind (Arguments.call scope "a data set, such as `mnist`")
    |> Result.bind (fun call ->
        match call.Callee.Value, call.Arguments with
        | "folder", _ -> folder lookup saysClasses scope call
        | name, [] when List.contains name names -> Ok(DataSource.Named(name, lookup.Named name))
        | name, [] -> Error(Diagnostic.unknownWord call.Callee.Span "data set" name (names @ [ "folder" ]))
        | _ -> Error(withoutBrackets call))

/// Whether a phrase comes to one given word; a list may have chosen it.
let private isWord scope word (phrase: Phrase) =
    match phrase with
    | [ only ] ->
        match evaluate scope only with
        | Ok { Value = Datum.Word found } -> found = word
        | _ -> false
    | _ -> false

/// How many training images a run may use: any number where the folder is not on this machine.
let private trainingImages (set: DataSet) =
    if set.TrainingImages = 0 then
        System.Int32.MaxValue
    else
        set.TrainingImages

let private images scope (set: DataSet) (phrase: Phrase) =
    if isWord scope "all" phrase then
        Ok Images.All
    else
        wholeOf scope 1L (int64 (trainingImages set)) "the number of training images" phrase
        |> Result.map (int >> Images.First)

let private validation scope (available: int) (phrase: Phrase) =
    match phrase with
    | _ when isWord scope "test" phrase -> Ok Validation.Test
    | [ { Value = Term.Word other; Span = span } ] when not (Seq.contains other (scope: Scope).Names) ->
        Error(Diagnostic.unknownWord span "validation" other [ "test" ])
    | _ ->
        wholeOf scope 1L (int64 available - 1L) "the number of images held out" phrase
        |> Result.map (int >> Validation.HeldOut)

/// The constants by which nets on CIFAR and on ImageNet are usually fed, red, green, blue. Those of CIFAR take the
/// deviation within an image for that of the set.
let private usual =
    Map
        [
            "cifar", Normalisation.By([| 0.4914; 0.4822; 0.4465 |], [| 0.2023; 0.1994; 0.2010 |])
            "imagenet", Normalisation.By([| 0.485; 0.456; 0.406 |], [| 0.229; 0.224; 0.225 |])
        ]

/// `by([0.49, 0.48, 0.45], [0.20, 0.20, 0.20])`: a list is one value, not an axis.
let private byConstants scope (set: DataSet) (call: Arguments.Call) =
    let channels = set.Image[0]

    let numbers least (list: Expression) =
        match list.Value with
        | Term.List several when several.Length = channels -> several
        | Term.List _ -> []
        | _ when channels = 1 -> [ list ]
        | _ -> []
        |> function
            | [] ->
                let what =
                    if channels = 1 then
                        "one number"
                    else
                        $"a list of {channels} numbers"

                Error(Diagnostic.wrongValue list.Span $"{what}: the images have as many channels")
            | several ->
                several
                |> List.map (numberBetween scope least 1m "the share of full brightness")
                |> all
                |> Result.map (List.map float >> List.toArray)

    match call.Arguments with
    | [ { Label = None; Content = mean }; { Label = None; Content = deviation } ] ->
        match numbers 0m mean, numbers 0.0001m deviation with
        | Ok mean, Ok deviation -> Ok(Normalisation.By(mean, deviation))
        | Error e, _
        | _, Error e -> Error e
    | _ ->
        Error(
            Diagnostic.wrongValue
                call.Callee.Span
                "`by([MEANS], [DEVIATIONS])`, one of each for a channel, as shares of full brightness"
        )

let private normalisation scope (set: DataSet) (phrase: Phrase) =
    single "one normalisation, such as `own`" phrase
    |> Result.bind (Arguments.call scope "a normalisation, such as `own`")
    |> Result.bind (fun call ->
        match call.Callee.Value, call.Arguments with
        | "own", [] -> Ok Normalisation.Own
        | "mean-image", [] -> Ok Normalisation.MeanImage
        | name, [] when usual.ContainsKey name && set.Image[0] = 3 -> Ok usual[name]
        | name, [] when usual.ContainsKey name ->
            Error(Diagnostic.wrongValue call.Callee.Span "constants of one channel: these are of three")
        | "by", _ -> byConstants scope set call
        | ("own" | "mean-image" | "cifar" | "imagenet"), _ -> Error(withoutBrackets call)
        | other, _ ->
            Error(
                Diagnostic.unknownWord
                    call.Callee.Span
                    "normalisation"
                    other
                    [ "own"; "by"; "cifar"; "imagenet"; "mean-image" ]
            ))

/// `none`, or several of which no two are of one kind.
let private eachOnce read (kind: 'T -> 'Kind) expected scope (phrase: Phrase) : Result<'T list, Diagnostic> =
    if isWord scope "none" phrase then
        Ok []
    else
        phrase
        |> List.map read
        |> all
        |> Result.bind (fun several ->
            if (List.distinctBy kind several).Length = several.Length then
                Ok several
            else
                Error(Diagnostic.wrongValue (join phrase) expected))

let private stop scope expression =
    Arguments.call scope "plateau(EPOCHS) or accuracy(SHARE)" expression
    |> Result.bind (fun call ->
        match call.Callee.Value, call.Arguments with
        | "plateau", [ { Label = None; Content = epochs } ] ->
            wholeBetween scope 1L 100_000L "the epochs without a better one" epochs
            |> Result.map (int >> Stop.Plateau)
        | "accuracy", [ { Label = None; Content = accuracy } ] ->
            numberBetween scope 0m 1m "the accuracy" accuracy
            |> Result.map (float >> Stop.Accuracy)
        | ("plateau" | "accuracy"), _ ->
            Error(Diagnostic.wrongValue expression.Span "`plateau(3)` or `accuracy(99%)`")
        | other, _ ->
            Error(Diagnostic.unknownWord call.Callee.Span "stop" other [ "plateau"; "accuracy"; "none" ]))

let private stops scope phrase =
    eachOnce (stop scope) _.IsPlateau "each of plateau and accuracy once" scope phrase

let private augmentation scope expression =
    Arguments.call scope "crop(PIXELS) or flip" expression
    |> Result.bind (fun call ->
        match call.Callee.Value, call.Arguments with
        | "crop", [ { Label = None; Content = padding } ] ->
            wholeBetween scope 1L 64L "the padding" padding
            |> Result.map (int >> Augmentation.Crop)
        | "crop", _ -> Error(Diagnostic.wrongValue expression.Span "`crop(4)`: pixels of padding")
        | "flip", [] -> Ok Augmentation.Flip
        | "flip", _ -> Error(withoutBrackets call)
        | other, _ ->
            Error(Diagnostic.unknownWord call.Callee.Span "augmentation" other [ "crop"; "flip"; "none" ]))

let private augmentations scope phrase =
    eachOnce (augmentation scope) _.IsFlip "each of crop and flip once" scope phrase

let private onOff scope phrase =
    single "on or off" phrase
    |> Result.bind (oneOf scope "switch" [ "on"; "off" ])
    |> Result.map ((=) "on")

let private choice what (table: (string * 'T) list) scope phrase =
    single $"a {what}" phrase
    |> Result.bind (oneOf scope what (List.map fst table))
    |> Result.map (fun word -> table |> List.find (fst >> (=) word) |> snd)

/// `step([60, 120], 0.2x)`: the list is one value, not an axis.
let private step scope (call: Arguments.Call) =
    let usage = "`step([60, 120], 0.2x)`: after which epochs, and the factor"

    let ascending (found: int64 list) =
        if List.distinct found = found && List.sort found = found then
            Ok(found |> List.map int |> List.toArray)
        else
            Error(Diagnostic.wrongValue call.Callee.Span "epochs in ascending order")

    match call.Arguments with
    | [ { Label = None; Content = places }; { Label = None; Content = factor } ] ->
        let places =
            match places.Value with
            | Term.List several -> several
            | _ -> [ places ]
            |> List.map (wholeBetween scope 1L 1_000_000L "the epoch")
            |> all
            |> Result.bind ascending

        let factor =
            match number scope factor with
            | Ok(value, NumberForm.Factor) when value > 0m && value <= 1000m -> Ok(float value)
            | Ok _ -> Error(Diagnostic.wrongValue factor.Span "a factor, such as `0.1x`")
            | Error e -> Error e

        match places, factor with
        | Ok places, Ok factor -> Ok(Schedule.Step(places, factor))
        | Error e, _
        | _, Error e -> Error e
    | _ -> Error(Diagnostic.wrongValue call.Callee.Span usage)

let private schedule scope phrase =
    single "a schedule, such as `cosine`" phrase
    |> Result.bind (Arguments.call scope "a schedule, such as `cosine`")
    |> Result.bind (fun call ->
        match call.Callee.Value, call.Arguments with
        | "constant", [] -> Ok Schedule.Constant
        | "cosine", [] -> Ok Schedule.Cosine
        | "step", _ -> step scope call
        | other, _ ->
            Error(Diagnostic.unknownWord call.Callee.Span "schedule" other [ "constant"; "cosine"; "step" ]))

let private warmup scope (phrase: Phrase) =
    match phrase with
    | [ count
        {
            Value = Term.Word("epochs" | "epoch")
        } ]
    | [ count ] -> wholeBetween scope 0L 100_000L "the epochs of warm-up" count |> Result.map int
    | _ -> Error(Diagnostic.wrongValue (join phrase) "`5 epochs`")

let private loss scope phrase =
    single "a loss" phrase
    |> Result.bind (Arguments.call scope "a loss")
    |> Result.bind (fun call ->
        match call.Callee.Value with
        | "cross-entropy" ->
            Arguments.byName [ "smoothing" ] [] call
            |> Result.bind (fun values ->
                match Map.tryFind "smoothing" values with
                | Some value -> numberBetween scope 0m 0.99m "the smoothing" value |> Result.map float
                | None -> Ok 0.0)
            |> Result.map Loss.CrossEntropy
        | other -> Error(Diagnostic.unknownWord call.Callee.Span "loss" other [ "cross-entropy" ]))

let private words (phrase: Phrase) =
    phrase
    |> List.map (fun e ->
        match e.Value with
        | Term.Word word -> word
        | _ -> "…")

let private learn _ (phrase: Phrase) =
    match words phrase with
    | [ "together" ] -> Ok false
    | [ "stage"; "by"; "stage" ] -> Ok true
    | _ -> Error(Diagnostic.wrongValue (join phrase) "`together` or `stage by stage`")

/// What a stage of its own learns: `reconstruct`, `solve ridge 1e-3`, or both.
let learnOfStage scope (phrase: Phrase) : Result<StageLearning, Diagnostic> =
    let ridge make (rest: Phrase) =
        match rest with
        | [] -> Ok(make 0.0)
        | [ { Value = Term.Word "ridge" }; penalty ] ->
            numberBetween scope 0m 1_000_000_000m "the penalty" penalty
            |> Result.map (float >> make)
        | rest -> Error(Diagnostic.wrongValue (join rest) "`ridge 1e-3`, or nothing")

    match words phrase with
    | [ "reconstruct" ] -> Ok StageLearning.Reconstruct
    | "reconstruct" :: "then" :: "solve" :: _ ->
        List.skip 3 phrase |> ridge StageLearning.ReconstructThenSolve
    | "solve" :: _ -> List.skip 1 phrase |> ridge StageLearning.Solve
    | _ ->
        Error(
            Diagnostic.wrongValue
                (join phrase)
                "`reconstruct`, `solve ridge 1e-3` or `reconstruct then solve ridge 1e-3`"
        )

/// How the draws of a file are tried.
let search scope (phrase: Phrase) : Result<Search, Diagnostic> =
    let count value =
        wholeBetween scope 1L 10_000L "the number of draws" value |> Result.map int

    let ofWhat skipped rest trials =
        match rest with
        | []
        | [ "by"; "validation"; "accuracy" ] -> trials |> Result.map Search.Runs
        | [ "per"; "stage" ]
        | [ "per"; "stage"; "by"; "validation"; "accuracy" ] -> trials |> Result.map Search.Stages
        | _ ->
            Error(
                Diagnostic.wrongValue
                    (join (List.skip skipped phrase))
                    "`[per stage] [by validation accuracy]`"
            )

    match words phrase with
    | "random" :: _ :: rest when List.length phrase > 1 ->
        count phrase[1] |> Result.map Trials.Random |> ofWhat 2 rest
    | "grid" :: rest -> Ok Trials.Grid |> ofWhat 1 rest
    | "halving" :: _ :: rest when List.length phrase > 1 ->
        match count phrase[1] |> Result.map Trials.Halving |> ofWhat 2 rest with
        | Ok(Search.Stages _) ->
            Error(
                Diagnostic.wrongValue
                    (join (List.skip 2 phrase))
                    "`by validation accuracy`: halving is for whole runs"
            )
        | found -> found
    | _ ->
        Error(
            Diagnostic.wrongValue
                (join phrase)
                "`random 10`, `grid` or `halving 27`, and `by validation accuracy`"
        )

/// `limit runs 20000`
let limit scope (phrase: Phrase) : Result<int64, Diagnostic> =
    match phrase with
    | [ { Value = Term.Word "runs" }; count ] -> wholeBetween scope 1L 1_000_000L "the limit" count
    | _ -> Error(Diagnostic.wrongValue (join phrase) "`runs 20000`")

/// What all random numbers follow from.
let seed scope (phrase: Phrase) : Result<int64, Diagnostic> =
    wholeOf scope 0L (int64 1e15) "the seed" phrase

let private precisions =
    [
        "fp32", Precision.Fp32
        "tf32", Precision.Tf32
        "bf16", Precision.Bf16
        "fp64", Precision.Fp64
    ]

let private devices =
    [ "auto", Device.Auto; "cpu", Device.Cpu; "cuda", Device.Cuda ]

/// A default has no place in the file.
let private plainCall name : Arguments.Call =
    {
        Callee =
            {
                Value = name
                Span = { Start = 0; End = 0 }
            }
        Arguments = []
    }

/// The optimizer, with the settings that complete it.
let optimizer (scope: Scope) (written: Map<string, Written>) : Result<Optimizer, Diagnostic> =
    let call =
        match Map.tryFind "optimizer" written with
        | Some setting ->
            single "one optimizer, such as `sgd(lr 0.1)`" setting.Phrase
            |> Result.bind (Arguments.call scope "an optimizer, such as `sgd(lr 0.1)`")
        | None -> Ok(plainCall "sgd")

    let outside =
        Optimizers.standAlone
        |> List.choose (fun name -> Map.tryFind name written)
        |> List.map (fun setting ->
            single "one number" setting.Phrase
            |> Result.map (fun value -> setting.Name.Value, (setting.Name, value)))
        |> all
        |> Result.map Map.ofList

    match call, outside with
    | Ok call, Ok outside -> Optimizers.read scope outside call
    | Error e, _
    | _, Error e -> Error e

/// Reads the settings of one run; every mistake is reported. Where data or net are unknown, nothing can be
/// said of rules; any other mistake leaves its default in place, so that the rest is checked too.
let read
    (report: Diagnostic -> unit)
    (lookup: DataLookup)
    (scope: Scope)
    (written: Map<string, Written>)
    : Settings option =
    let setting name fallback reader =
        match Map.tryFind name written with
        | None -> Some fallback
        | Some setting -> reader scope setting.Phrase |> Diagnostic.keep report

    let settingOr fallback name reader =
        setting name fallback reader |> Option.defaultValue fallback

    let mnist =
        DataSource.Named(DataSets.all[0].Name, lookup.Named DataSets.all[0].Name)

    let knownSource = setting "data" mnist (data lookup (written.ContainsKey "classes"))

    let source = knownSource |> Option.defaultValue mnist

    let knownNet =
        setting "net" (plainCall "lenet") (fun scope phrase ->
            single "the name of a net" phrase
            |> Result.bind (Arguments.call scope "the name of a net"))

    let set = DataSource.tryDescribe source |> Option.get
    let images = settingOr Images.All "images" (fun scope -> images scope set)

    let available =
        match images with
        | Images.All -> trainingImages set
        | Images.First count -> count

    let whole least most what =
        fun scope phrase -> wholeOf scope least most what phrase

    let init =
        fun scope phrase ->
            if isWord scope "net" phrase then
                Ok None
            else
                single "one scheme, such as `he`" phrase
                |> Result.bind (Schemes.scheme scope)
                |> Result.map Some

    let settings net =
        let epochs =
            settingOr 10L "epochs" (whole 1L 100_000L "the number of epochs") |> int

        {
            Source = source
            Data = set
            Images = images
            Validation = settingOr Validation.Test "validate" (fun scope -> validation scope available)
            Normalisation = settingOr Normalisation.Own "normalise" (fun scope -> normalisation scope set)
            Augmentations = settingOr [] "augment" augmentations
            Classes =
                settingOr
                    (int64 set.Classes)
                    "classes"
                    (whole (max 1L (int64 set.Classes)) 1_000_000L "the number of outputs")
                |> int
            Net = net
            Init = settingOr None "init" init
            Optimizer =
                optimizer scope written
                |> Diagnostic.keep report
                |> Option.defaultValue (Optimizer.Sgd(0.01, 0.9, 0.0, false))
            Schedule = settingOr Schedule.Constant "schedule" schedule
            Warmup = settingOr 0 "warmup" warmup
            Batch = settingOr 128L "batch" (whole 1L 65536L "the batch") |> int
            Epochs = epochs
            Stops = settingOr [] "stop" stops
            Loss = settingOr (Loss.CrossEntropy 0.0) "loss" loss
            ByStages = settingOr false "learn" learn
            Shuffle = settingOr true "shuffle" onOff
            Precision = settingOr Precision.Fp32 "precision" (choice "precision" precisions)
            Device = settingOr Device.Auto "device" (choice "device" devices)
            Seed = settingOr 1L "seed" seed
        }

    let read = knownNet |> Option.map settings
    knownSource |> Option.bind (fun _ -> read)
