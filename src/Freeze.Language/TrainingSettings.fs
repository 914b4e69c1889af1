/// The settings that control training.
module Freeze.Language.TrainingSettings

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.Vocabulary
open Freeze.Language.Forms

let net =
    call "the name of a net"
    |> setting
        "net"
        "lenet"
        (Calls.bare (at Span.Nowhere "lenet"))
        "the net, of the library or defined in the file"

let init =
    Schemes.kind
    |> map Some
    |> orWord "net" "the net's own schemes" None
    |> setting "init" "net" None "where weights start: the net's own scheme, or one for all"

/// `step([60, 120], 0.2x)`: the list is one value, not an axis.
let private step scope (call: Calls.Call) (epochs: Expression) (times: Expression) =
    let ascending (found: int64 list) =
        if List.distinct found = found && List.sort found = found then
            Ok(found |> List.map int |> List.toArray)
        else
            Error(Diagnostic.wrongValue call.Callee.Span "epochs in ascending order")

    let epochs =
        match epochs.Value with
        | Term.List several -> several
        | _ -> [ epochs ]
        |> List.map (wholeBetween scope 1L 1_000_000L "the epoch")
        |> all
        |> Result.bind ascending

    both epochs (factor.Read scope [ times ]) |> Result.map Schedule.Step

/// `plateau(5, 0.1x)`.
let private plateau scope _ (epochs: Expression) (times: Expression) =
    let epochs = wholeBetween scope 1L 100_000L "the epochs without a better one" epochs

    both epochs (factor.Read scope [ times ])
    |> Result.map (fun (epochs, factor) -> Schedule.Plateau(int epochs, factor))

let schedule =
    [
        word "constant" "the learning rate stays" Schedule.Constant
        word "cosine" "half a cosine down to 0" Schedule.Cosine
        ofPair
            "step"
            "step([60, 120], 0.2x)"
            "multiplied after these epochs"
            "`step([60, 120], 0.2x)`: after which epochs, and the factor"
            step
        factor
        |> map Schedule.Exponential
        |> ofValue "exponential" "exponential(0.95x)" "multiplied after each epoch"
        number 0m 100m "the power"
        |> map Schedule.Polynomial
        |> ofValue
            "polynomial"
            "polynomial(2)"
            "down to 0, along the part of the steps that is left to this power"
        // Defaults as in PyTorch.
        ofNumbers
            "one-cycle"
            "one-cycle"
            "up to the rate and down to almost 0, as PyTorch's OneCycleLR: one-cycle(rise 0.3, start 0.04x, end 4e-6x)"
            [
                "rise", number 0m 1m "the fraction of rising steps", 0.3
                "start", factor, 1.0 / 25.0
                "end", factor, 1.0 / 25.0 / 1e4
            ]
            (fun p -> Schedule.OneCycle(p "rise", p "start", p "end"))
        ofPair
            "plateau"
            "plateau(5, 0.1x)"
            "multiplied after this many epochs without a better validation accuracy"
            "`plateau(5, 0.1x)`: after how many epochs without a better one, and the factor"
            plateau
    ]
    |> oneOf "schedule" "a schedule, such as `cosine`"
    |> setting
        "schedule"
        "constant"
        Schedule.Constant
        "how the learning rate changes: step([60, 120], 0.2x), exponential(0.95x), cosine, polynomial(2), one-cycle, plateau(5, 0.1x)"

let clipping =
    let greatest = number 1e-9m 1_000_000m

    [
        word "none" "gradients as they are" Clipping.Off
        greatest "the norm"
        |> map Clipping.Norm
        |> ofValue "norm" "norm(1)" "all gradients together are scaled down to this norm"
        greatest "the value"
        |> map Clipping.Value
        |> ofValue "value" "value(0.5)" "each entry of a gradient is clamped between minus this and this"
    ]
    |> oneOf "clipping" "a clipping, such as `norm(1)`"
    |> setting "clip" "none" Clipping.Off "bounds for the gradients: norm(1), value(0.5)"

let warmup =
    count 0L 100_000L "the epochs of warm-up"
    |> withUnit [ "epochs"; "epoch" ]
    |> setting "warmup" "0 epochs" 0 "epochs in which the learning rate rises from 0"

let batch =
    count 1L 65536L "the batch" |> setting "batch" "128" 128 "images in one step"

let dropLast =
    oneWord
        "part"
        [
            "none", "the last batch of an epoch may be smaller", false
            "last", "an incomplete last batch is left out", true
        ]
    |> setting "drop" "none" false "`drop last` leaves out an incomplete last batch of an epoch"

let epochs =
    count 1L 100_000L "the number of epochs"
    |> setting "epochs" "10" 10 "passes over the training images"

let stops =
    [
        count 1L 100_000L "the epochs without a better one"
        |> map (Stop.Plateau >> Some)
        |> ofValue "plateau" "plateau(3)" "this many epochs without a better one"
        number 0m 1m "the accuracy"
        |> map (Stop.Accuracy >> Some)
        |> ofValue "accuracy" "accuracy(99%)" "an accuracy that is reached"
        word "none" "nothing but the last epoch" None
    ]
    |> severalOf
        "stop"
        "plateau(EPOCHS) or accuracy(FRACTION)"
        _.IsPlateau
        "each of plateau and accuracy once"
    |> setting "stop" "none" [] "what ends a run early: plateau(EPOCHS), accuracy(FRACTION)"

let keep =
    [
        "last", "those after the last epoch", Keep.Last
        "best", "also those after the epoch of the best validation accuracy", Keep.Best
    ]
    |> oneWord "choice of weights"
    |> setting "keep" "last" Keep.Last "which weights a run saves: the last, or also the best epoch's"

let loss =
    let smoothed = "cross-entropy(smoothing 0.1)"

    [
        ofNumbers
            "cross-entropy"
            "cross-entropy"
            "of the softmax"
            [ "smoothing", number 0m 0.99m "the smoothing", 0.0 ]
            (fun p -> Loss.CrossEntropy(p "smoothing"))
    ]
    |> oneOf "loss" "a loss"
    |> written [ entry smoothed smoothed "with smoothed labels" ]
    |> setting
        "loss"
        "cross-entropy"
        (Loss.CrossEntropy 0.0)
        "what training minimises; cross-entropy(smoothing 0.1) smooths the labels"

let learn =
    [
        entry "together" "together" "all weights at once"
        entry "stage by stage" "stage by stage" "each stage with a temporary classifier, then fixed"
    ]
    |> ofWords "`together` or `stage by stage`" (fun _ _ words ->
        match words with
        | [ "together" ] -> Some(Ok false)
        | [ "stage"; "by"; "stage" ] -> Some(Ok true)
        | _ -> None)
    |> setting "learn" "together" false "all stages of a net at once, or stage by stage"

let shuffle =
    oneWord "switch" [ "on", "a new order each epoch", true; "off", "the order of the files", false ]
    |> setting "shuffle" "on" true "whether each epoch has its own order, drawn by the seed"

let precision =
    [
        "fp32", "single", Precision.Fp32
        "tf32", "single, factors of products rounded to 10 bits on a GPU", Precision.Tf32
        "bf16", "activations in bfloat16, weights in single", Precision.Bf16
        "fp64", "double", Precision.Fp64
    ]
    |> oneWord "precision"
    |> setting
        "precision"
        "fp32"
        Precision.Fp32
        "of the arithmetic: fp32, tf32 (on a GPU), bf16 (with fp32 weights) or fp64"

let device =
    [
        "auto", "a GPU if there is one", Device.Auto
        "cpu", "the processor", Device.Cpu
        "cuda", "a GPU", Device.Cuda
    ]
    |> oneWord "device"
    |> setting "device" "auto" Device.Auto "what computes: cpu, cuda, or a GPU if there is one"

/// The seed of all random numbers.
let seed =
    whole 0L (int64 1e15) "the seed"
    |> setting "seed" "1" 1L "the seed of all random numbers"

/// Descriptions for editors and messages.
let table: Described list =
    [
        describe net
        describe init
        describe Optimizers.optimizer
        yield! List.map describe Optimizers.standAlone
        describe clipping
        describe schedule
        describe warmup
        describe batch
        describe dropLast
        describe epochs
        describe stops
        describe keep
        describe loss
        describe learn
        describe shuffle
        describe precision
        describe device
        describe seed
    ]

/// The recipe from the settings of a run on some data. Its net, weights and way of training are still blank.
let recipe (reading: WrittenSettings) (source: DataSource) (set: DataSet) : Recipe =
    let value (setting: Setting<'T>) = value reading setting
    let images = value (DataSettings.images set)

    let available =
        match images with
        | Images.All -> DataSettings.trainingImages set
        | Images.First count -> count

    {
        Data = source
        Images = images
        TestImages = value (DataSettings.testImages set)
        Validation = value (DataSettings.validation available)
        Resize = value (DataSettings.resize set)
        Normalisation = value (DataSettings.normalisation set)
        Augmentations = value DataSettings.augmentations |> List.toArray
        Classes = value (DataSettings.classes set)
        Net = { Nodes = [||]; Stages = [||] }
        Weights = [||]
        FrozenStatistics = [||]
        Learning = Learning.Together
        Loss = value loss
        Optimizer =
            Optimizers.read reading.Scope reading.Written Map.empty
            |> Diagnostic.keep reading.Report
            |> Option.defaultValue (Optimizer.Sgd(0.01, 0.9, 0.0, false))
        Clipping = value clipping
        Schedule = value schedule
        Warmup = value warmup
        Batch = value batch
        DropLast = value dropLast
        Halving = false
        Epochs = value epochs
        Stops = value stops |> List.toArray
        Keep = value keep
        Shuffle = value shuffle
        Precision = value precision
        Device = value device
        Seed = value seed
        From = Origin.Nothing
    }
