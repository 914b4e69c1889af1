/// The settings of one run: phrases to typed values, defaults where nothing was said.
module Freeze.Language.Settings

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values

type Settings =
    {
        Data: DataSet
        Images: Images
        Validation: Validation
        /// Its place is where an error in a library net is shown.
        Net: Name
        Optimizer: Optimizer
        Batch: int
        Epochs: int
        Shuffle: bool
        Seed: int64
    }

/// A setting as written: its name, and the phrase behind it.
type Written = { Name: Name; Phrase: Phrase }

let private single what (phrase: Phrase) =
    match phrase with
    | [ only ] -> Ok only
    | _ -> Error(Diagnostic.wrongValue (join phrase) what)

let private whole scope least most what phrase =
    single "one number" phrase |> Result.bind (wholeBetween scope least most what)

let private data scope phrase =
    let names = DataSets.all |> Array.map _.Name |> List.ofArray

    single "one data set" phrase
    |> Result.bind (oneOf scope "data set" names)
    |> Result.map (fun name -> DataSets.all |> Array.find (fun set -> set.Name = name))

let private images scope (set: DataSet) (phrase: Phrase) =
    match phrase with
    | [ { Value = Term.Word "all" } ] -> Ok Images.All
    | _ ->
        whole scope 1L (int64 set.TrainingImages) "the number of training images" phrase
        |> Result.map (int >> Images.First)

let private validation scope (available: int) (phrase: Phrase) =
    match phrase with
    | [ { Value = Term.Word "test" } ] -> Ok Validation.Test
    | [ { Value = Term.Word other; Span = span } ] when not (Seq.contains other (scope: Scope).Names) ->
        Error(Diagnostic.unknownWord span "validation" other [ "test" ])
    | _ ->
        whole scope 1L (int64 available - 1L) "the number of images held out" phrase
        |> Result.map (int >> Validation.HeldOut)

let private onOff scope phrase =
    single "on or off" phrase
    |> Result.bind (oneOf scope "switch" [ "on"; "off" ])
    |> Result.map ((=) "on")

let private sgd scope (arguments: Argument list) =
    let parameters = [ "lr"; "momentum"; "decay"; "nesterov" ]

    let argument name read fallback =
        match
            arguments
            |> List.tryFind (fun a -> a.Label |> Option.exists (fun l -> l.Value = name))
        with
        | Some argument -> read argument.Content
        | None -> Ok fallback

    let rec misuse seen rest =
        match rest with
        | [] -> None
        | { Label = None; Content = value } :: _ ->
            Some(Diagnostic.wrongValue value.Span "a named parameter, such as `lr 0.1`")
        | { Label = Some label } :: _ when not (List.contains label.Value parameters) ->
            Some(Diagnostic.unknownParameter label.Span "sgd" label.Value parameters)
        | { Label = Some label } :: rest ->
            match Map.tryFind label.Value seen with
            | Some first -> Some(Diagnostic.setTwice label.Span label.Value first)
            | None -> misuse (Map.add label.Value label.Span seen) rest

    match misuse Map.empty arguments with
    | Some diagnostic -> Error diagnostic
    | None ->
        let number name least most =
            numberBetween scope least most $"`{name}`"

        match
            argument "lr" (number "lr" 0m 1000m) 0.01m,
            argument "momentum" (number "momentum" 0m 1m) 0.9m,
            argument "decay" (number "decay" 0m 1000m) 0m,
            argument "nesterov" (oneOf scope "switch" [ "on"; "off" ] >> Result.map ((=) "on")) false
        with
        | Ok lr, Ok momentum, Ok decay, Ok nesterov ->
            Ok(Optimizer.Sgd(float lr, float momentum, float decay, nesterov))
        | Error e, _, _, _
        | _, Error e, _, _
        | _, _, Error e, _
        | _, _, _, Error e -> Error e

let private optimizer scope phrase =
    let known = Vocabulary.names Vocabulary.optimizers

    single "one optimizer, such as `sgd(lr 0.1)`" phrase
    |> Result.bind (fun expression ->
        match evaluate scope expression with
        | Ok { Value = Datum.Word "sgd" } -> sgd scope []
        | Ok {
                 Value = Datum.Call({ Value = "sgd" }, arguments)
             } -> sgd scope arguments
        | Ok { Value = Datum.Word name; Span = span } ->
            Error(Diagnostic.unknownWord span "optimizer" name known)
        | Ok { Value = Datum.Call(name, _) } ->
            Error(Diagnostic.unknownWord name.Span "optimizer" name.Value known)
        | Ok _ -> Error(Diagnostic.wrongValue expression.Span "an optimizer, such as `sgd(lr 0.1)`")
        | Error e -> Error e)

let private netName scope phrase =
    single "the name of a net" phrase
    |> Result.bind (fun expression ->
        match evaluate scope expression with
        | Ok { Value = Datum.Word name } -> Ok { Value = name; Span = expression.Span }
        | Ok _ -> Error(Diagnostic.wrongValue expression.Span "the name of a net")
        | Error e -> Error e)

/// Reads the settings of one run; every mistake is reported. Where data or net are unknown, nothing can be
/// said of rules; any other mistake leaves its default in place, so that the rest is checked too.
let read (report: Diagnostic -> unit) (scope: Scope) (written: Map<string, Written>) : Settings option =
    let setting name fallback reader =
        match Map.tryFind name written with
        | None -> Some fallback
        | Some setting -> reader scope setting.Phrase |> Diagnostic.keep report

    let settingOr fallback name reader =
        setting name fallback reader |> Option.defaultValue fallback

    let knownSet = setting "data" DataSets.all[0] data

    let knownNet =
        setting
            "net"
            {
                Value = "lenet"
                Span = { Start = 0; End = 0 }
            }
            netName

    let set = knownSet |> Option.defaultValue DataSets.all[0]
    let images = settingOr Images.All "images" (fun scope -> images scope set)

    let available =
        match images with
        | Images.All -> set.TrainingImages
        | Images.First count -> count

    let whole least most what =
        fun scope phrase -> whole scope least most what phrase

    let settings net =
        {
            Data = set
            Images = images
            Validation = settingOr Validation.Test "validate" (fun scope -> validation scope available)
            Net = net
            Optimizer = settingOr (Optimizer.Sgd(0.01, 0.9, 0.0, false)) "optimizer" optimizer
            Batch = settingOr 128L "batch" (whole 1L 65536L "the batch") |> int
            Epochs = settingOr 10L "epochs" (whole 1L 100_000L "the number of epochs") |> int
            Shuffle = settingOr true "shuffle" onOff
            Seed = settingOr 1L "seed" (whole 0L (int64 1e15) "the seed")
        }

    let read = knownNet |> Option.map settings
    knownSet |> Option.bind (fun _ -> read)
