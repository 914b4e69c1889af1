/// The parts of a file: what is outside the cases, the cases, nets, profiles and the report; and how one section overrides
/// another.
module Freeze.Language.Sections

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Forms
open Freeze.Language.Rules

type Let = { Name: Name; Content: Expression }

/// `(net, epochs) = […]`
type Together = { Names: Name list; Items: Expression }

type Expected =
    {
        Measure: Name list
        Published: Published
        From: string
    }

/// `ensemble 5 after 1 epoch { … }`; its rules are among the section's.
type Ensemble =
    {
        Place: Span
        Members: Expression
        After: Expression
    }

/// The content outside the cases, in a case, or in a profile.
type Section =
    {
        Settings: Map<string, Written>
        /// Settings of single stages, by stage number and setting name.
        Stages: Map<int * string, Written>
        /// Draws of single stages in a search per stage, by the same keys.
        StageDraws: Map<int * string, Let>
        Lets: Let list
        Draws: Let list
        Togethers: Together list
        Rules: Rule list
        Expected: Expected list
        Ensemble: Ensemble option
    }

    member this.LetMap =
        this.Lets |> List.map (fun l -> l.Name.Value, l.Content) |> Map.ofList

    /// A stage's settings of the optimizer.
    member this.OptimizerOf stage =
        this.Stages
        |> Map.toSeq
        |> Seq.filter (fun ((number, name), _) -> number = stage && Optimizers.isOfStage name)
        |> Seq.map (fun ((_, name), written) -> name, written)
        |> Map.ofSeq

    /// All draws for a stage in a search per stage: those of all stages, and its own.
    member this.DrawsOf stage : Let list =
        let own =
            [
                for KeyValue((number, _), draw) in this.StageDraws do
                    if number = stage then
                        draw
            ]

        let isOwn (draw: Let) =
            own |> List.exists (fun other -> other.Name.Value = draw.Name.Value)

        (this.Draws |> List.filter (isOwn >> not)) @ own

let emptySection =
    {
        Settings = Map.empty
        Stages = Map.empty
        StageDraws = Map.empty
        Lets = []
        Draws = []
        Togethers = []
        Rules = []
        Expected = []
        Ensemble = None
    }

/// A file with its imports, in the order of the text.
type Contents =
    {
        Outside: Section
        Cases: (Name * Section) list
        Profiles: (Name * Section) list
        Nets: Map<string, Definition>
        Report: Located<ReportLine option> list
    }

let nothing =
    {
        Outside = emptySection
        Cases = []
        Profiles = []
        Nets = Map.empty
        Report = []
    }

/// The context of a file apart from its statements.
type FileContext =
    {
        Report: Diagnostic -> unit
        Source: Source
        TextOf: Span -> string
        /// The full path of a weights file, and its content.
        Weights: Located<string> -> Result<string * WeightFile, Diagnostic>
        Data: DataSettings.DataLookup
        /// The runs of another file.
        RunsOf: Located<string> -> Result<Run list, Diagnostic>
        /// The profile in force, or "".
        Profile: string
        /// Settings and lets that override the profile.
        Overrides: Statement list
    }

/// What remains in force of a section under another one: a name that the upper section defines by a setting, a let or a draw
/// loses its lower definition.
let inForce (below: Section) (above: Section) : Section =
    let given =
        [
            yield! Map.keys above.Settings
            yield! above.Lets @ above.Draws |> Seq.map _.Name.Value
        ]
        |> Set.ofList

    let ofStages (known: Map<int * string, 'T>) =
        known
        |> Map.filter (fun key _ -> not (above.Stages.ContainsKey key || above.StageDraws.ContainsKey key))

    let free (lets: Let list) =
        lets |> List.filter (fun l -> not (given.Contains l.Name.Value))

    { below with
        Settings = below.Settings |> Map.filter (fun name _ -> not (given.Contains name))
        Stages = ofStages below.Stages
        StageDraws = ofStages below.StageDraws
        Lets = free below.Lets
        Draws = free below.Draws
        Ensemble = if above.Ensemble.IsSome then None else below.Ensemble
    }

/// One section overriding another. Rules of the lower one come first.
let over (below: Section) (above: Section) : Section =
    let below = inForce below above

    {
        Settings = Map.over below.Settings above.Settings
        Stages = Map.over below.Stages above.Stages
        StageDraws = Map.over below.StageDraws above.StageDraws
        Lets = below.Lets @ above.Lets
        Draws = below.Draws @ above.Draws
        Togethers = below.Togethers @ above.Togethers
        Rules = below.Rules @ above.Rules
        Expected = below.Expected @ above.Expected
        Ensemble = above.Ensemble |> Option.orElse below.Ensemble
    }
