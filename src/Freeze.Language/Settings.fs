/// All settings: their table, and the settings of one run, with defaults for those not written.
module Freeze.Language.Settings

open Freeze
open Freeze.Language.Values
open Freeze.Language.Vocabulary
open Freeze.Language.Forms

/// The settings of one run.
type Settings =
    {
        /// The recipe that they give; its net, weights and way of training are still blank.
        Recipe: Recipe
        /// Its data set, with images as the net reads them.
        Data: DataSet
        /// Its span is where errors in a library net are shown.
        Net: Calls.Call
        /// One scheme for all convolutions and linear layers, or None for the net's own.
        Init: Schemes.Scheme option
        /// The run that weights start from, if any.
        Start: StartSettings.StartFrom option
        ByStages: bool
    }

let table: Described list =
    DataSettings.table
    @ TrainingSettings.table
    @ [
        describe StartSettings.start
        describe Searches.search
        describe Searches.limit
    ]

let entries = table |> List.map _.Entry
let isSetting name = (tryEntry entries name).IsSome

let tryFind name =
    table |> List.tryFind (fun setting -> setting.Entry.Name = name)

/// Reads the settings of one run and reports every error. Without data or net, rules cannot be checked; after any other error the
/// default is used, so that the rest is checked too.
let read
    (report: Diagnostic -> unit)
    (lookup: DataSettings.DataLookup)
    (scope: Scope)
    (written: Map<string, Written>)
    : Settings option =
    let reading =
        {
            Report = report
            Scope = scope
            Written = written
        }

    let data = DataSettings.data lookup (written.ContainsKey "classes")
    let known = tryValue reading data
    let net = tryValue reading TrainingSettings.net
    let source = known |> Option.defaultValue data.Default
    let set = DataSource.tryDescribe source |> Option.get
    let recipe = TrainingSettings.recipe reading source set
    let init = value reading TrainingSettings.init
    let start = value reading StartSettings.start
    let byStages = value reading TrainingSettings.learn

    (known, net)
    ||> Option.map2 (fun _ net ->
        {
            Recipe = recipe
            Data = Resize.described recipe.Resize set
            Net = net
            Init = init
            Start = start
            ByStages = byStages
        })
