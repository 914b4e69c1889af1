/// All settings: the table of them, and those of one run, with defaults where nothing was said.
module Freeze.Language.Settings

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.Vocabulary
open Freeze.Language.Forms
open Freeze.Language.DataSettings
open Freeze.Language.TrainingSettings
open Freeze.Language.Searches

/// The settings of one run.
type Settings =
    {
        /// What they say of the recipe; its net, weights and way of learning are still blank.
        Recipe: Recipe
        /// What is known of its data.
        Data: DataSet
        /// Its place is where an error in a library net is shown.
        Net: Arguments.Call
        /// One scheme for all convolutions and linear layers, or the net's own.
        Init: Schemes.Scheme option
        ByStages: bool
    }

/// A setting as written: its name, and the phrase behind it.
type Written = { Name: Name; Phrase: Phrase }

/// What editors and messages say of a setting.
type Described =
    {
        Entry: Entry
        /// What it takes where nothing else is written.
        Expected: string
        /// Its values that begin with a word.
        Values: Entry list
    }

let table: Described list =
    let describe (setting: Setting<'T>) =
        {
            Entry = setting.Entry
            Expected = setting.Kind.Expected
            Values = setting.Kind.Entries
        }

    let set = DataSets.all[0]

    let noData =
        {
            Named = fun _ -> ""
            Folder = fun path -> Error(Diagnostic.notImages path.Span "none is looked for here")
        }

    [
        describe (data noData false)
        describe (images set)
        describe (testImages set)
        describe (validation set.TrainingImages)
        describe (normalisation set)
        describe augmentations
        describe net
        describe (classes set)
        describe init
        describe optimizerCall
        yield! List.map describe standAlone
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
        describe search
        describe shuffle
        describe precision
        describe device
        describe limit
        describe seed
    ]

let entries = table |> List.map _.Entry
let isSetting name = (tryEntry entries name).IsSome

let tryFind name =
    table |> List.tryFind (fun setting -> setting.Entry.Name = name)

/// The value of a setting, where it is written.
let tryRead (scope: Scope) (written: Map<string, Written>) (setting: Setting<'T>) =
    Map.tryFind setting.Entry.Name written
    |> Option.map (fun written -> setting.Kind.Read scope written.Phrase)

/// The optimizer, with the settings that complete it, and those that a stage has of its own.
let optimizerOfStage
    (scope: Scope)
    (written: Map<string, Written>)
    (own: Map<string, Written>)
    : Result<Optimizer, Diagnostic> =
    let call =
        tryRead scope written optimizerCall
        |> Option.defaultValue (Ok optimizerCall.Default)

    let parameters (written: Map<string, Written>) =
        standAlone
        |> List.choose (fun setting -> Map.tryFind setting.Entry.Name written)
        |> List.map (fun setting ->
            match setting.Phrase with
            | [ value ] -> Ok(setting.Name.Value, (setting.Name, value))
            | phrase -> Error(Diagnostic.wrongValue (join phrase) "one number"))
        |> all
        |> Result.map Map.ofList

    both call (both (parameters written) (parameters own))
    |> Result.bind (fun (call, (outside, above)) -> Optimizers.read scope outside above call)

let optimizer scope written =
    optimizerOfStage scope written Map.empty

/// Reads the settings of one run; every mistake is reported. Where data or net are unknown, nothing can be
/// said of rules; any other mistake leaves its default in place, so that the rest is checked too.
let read
    (report: Diagnostic -> unit)
    (lookup: DataLookup)
    (scope: Scope)
    (written: Map<string, Written>)
    : Settings option =
    /// Nothing where it is wrong.
    let tryValue (setting: Setting<'T>) =
        tryRead scope written setting
        |> Option.defaultValue (Ok setting.Default)
        |> Diagnostic.keep report

    let value (setting: Setting<'T>) =
        tryValue setting |> Option.defaultValue setting.Default

    let data = data lookup (written.ContainsKey "classes")
    let knownSource = tryValue data
    let source = knownSource |> Option.defaultValue data.Default
    let set = DataSource.tryDescribe source |> Option.get
    let images = value (images set)

    let available =
        match images with
        | Images.All -> trainingImages set
        | Images.First count -> count

    let recipe () =
        {
            Data = source
            Images = images
            TestImages = value (testImages set)
            Validation = value (validation available)
            Normalisation = value (normalisation set)
            Augmentations = value augmentations |> List.toArray
            Classes = value (classes set)
            Net = { Nodes = [||]; Stages = [||] }
            Weights = [||]
            FrozenStatistics = [||]
            Learning = Learning.Together
            Loss = value loss
            Optimizer =
                optimizer scope written
                |> Diagnostic.keep report
                |> Option.defaultValue (Optimizer.Sgd(0.01, 0.9, 0.0, false))
            Clipping = value clipping
            Schedule = value schedule
            Warmup = value warmup
            Batch = value batch
            DropLast = value dropLast
            Epochs = value epochs
            Stops = value stops |> List.toArray
            Keep = value keep
            Shuffle = value shuffle
            Precision = value precision
            Device = value device
            Seed = value seed
        }

    let settings net =
        {
            Recipe = recipe ()
            Data = set
            Net = net
            Init = value init
            ByStages = value learn
        }

    let read = tryValue net |> Option.map settings
    knownSource |> Option.bind (fun _ -> read)
