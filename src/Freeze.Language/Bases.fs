/// The run that each run of a file starts from: one of another case, or of another file.
module Freeze.Language.Bases

open System.Collections.Generic
open Freeze
open Freeze.Language.Syntax
open Freeze.Language.StartSettings
open Freeze.Language.Sections
open Freeze.Language.Runs

/// A run that other runs may start from.
type private Candidate =
    {
        Run: Run
        /// Its index in this file, if it is here.
        Own: int option
        /// A name that distinguishes it from the runs of this file.
        Name: string
    }

let private valueOf name (run: Run) : AxisValue option =
    run.Axes
    |> Array.tryPick (fun axis -> if axis.Name = name then Some axis.Value else None)

let private nameOf (source: BaseSource) =
    match source with
    | BaseSource.File path -> path
    | BaseSource.Case name -> name

let private candidates
    (context: FileContext)
    (cases: string list)
    (planned: Planned[])
    (source: Located<BaseSource>)
    =
    match source.Value with
    | BaseSource.Case name ->
        if List.contains name cases then
            Ok
                [
                    for i in 0 .. planned.Length - 1 do
                        if valueOf "case" planned[i].Run = Some(AxisValue.Word name) then
                            {
                                Run = planned[i].Run
                                Own = Some i
                                Name = planned[i].Run.Name
                            }
                ]
        else
            Error(Diagnostic.unknownWord source.Span "case" name cases)
    | BaseSource.File path ->
        context.RunsOf(at source.Span path)
        |> Result.map (
            List.map (fun run ->
                let file = System.IO.Path.GetFileNameWithoutExtension path

                {
                    Run = run
                    Own = None
                    Name = if run.Name = file then file else $"{file}: {run.Name}"
                })
        )

/// Whether a run has all values after `on`, ignoring the axes in `but`.
let private isNamed (on: string list) (but: string list) (run: Run) =
    let axes =
        run.Values |> Array.filter (fun axis -> not (List.contains axis.Name but))

    let values =
        Selection.values axes run.NetName (DataSource.plainName run.Recipe.Data)

    on |> List.forall values.Contains

/// Those of the named axes that a candidate has, except `case` and the axes whose values `on` has chosen.
let private shared (on: string list) (names: string list) (candidate: Run) : string list =
    candidate.Axes
    |> Seq.filter (fun axis ->
        axis.Name <> "case"
        && not (List.contains (AxisValue.text axis.Value) on)
        && List.contains axis.Name names)
    |> Seq.map _.Name
    |> List.ofSeq

/// The axes in which the runs differ.
let private differing (several: Candidate list) =
    several
    |> List.collect (fun candidate -> List.ofArray candidate.Run.Axes)
    |> List.distinct
    |> List.countBy _.Name
    |> List.filter (fun (_, count) -> count > 1)
    |> List.map fst

/// The layers that cannot start from a run, and why.
let private unfit (before: Recipe) (recipe: Recipe) : (string * string) list =
    let known =
        before.Weights |> Seq.map (fun plan -> plan.Weight.Name, plan.Weight) |> dict

    let shape (extents: int[]) =
        extents |> Array.map string |> String.concat "x"

    let kind (weight: Weight) =
        match weight.Kind with
        | LayerKind.Conv -> "a convolution's"
        | LayerKind.Linear -> "a linear layer's"
        | LayerKind.BatchNorm -> "a batch norm's"
        | LayerKind.Norm -> "that of a norm without running statistics"

    [
        for plan in recipe.Weights do
            if plan.Start.IsBase then
                let weight = plan.Weight

                match known.TryGetValue weight.Name with
                | true, found when found.Kind <> weight.Kind ->
                    weight.Layer, $"{weight.Name} is {kind found} there and {kind weight} here"
                | true, found when found.Shape <> weight.Shape ->
                    weight.Layer, $"{weight.Name} is {shape found.Shape} there and {shape weight.Shape} here"
                | true, _ -> ()
                | false, _ -> weight.Layer, $"it has no {weight.Name}"
    ]
    |> List.distinctBy fst

/// The runs of a file, each with the run that it starts from; errors go to the context's Report. `cases` are the file's cases,
/// including those without a valid run.
let link (context: FileContext) (cases: string list) (planned: Planned list) : Planned list =
    let planned = List.toArray planned
    let report = context.Report
    let linked = Dictionary<int, Recipe option>()
    let addresses = Addresses()

    let candidates =
        Memo.by
            HashIdentity.Structural
            (fun (source: Located<BaseSource>) -> source.Span, source.Value)
            (candidates context cases planned)

    /// The candidates with all values after `on`, grouped by the axes that they share with the run and by the values of these
    /// axes, so that thousands of seeds are not compared with each other.
    let byAxes =
        Memo.by
            HashIdentity.Structural
            (fun (from: StartFrom, on: string list, names: string list, _) ->
                from.Source.Span, from.Source.Value, on, names)
            (fun (_, on, names, found: Candidate list) ->
                [
                    for axes, several in
                        found
                        |> List.filter (fun candidate -> isNamed on [] candidate.Run)
                        |> List.groupBy (fun candidate -> shared on names candidate.Run) ->
                        axes,
                        several
                        |> List.groupBy (fun candidate ->
                            axes |> List.map (fun axis -> valueOf axis candidate.Run))
                        |> dict
                ])

    /// The candidates that agree with a run in all axes that both have.
    let agreeing (run: Run) (from: StartFrom) on found =
        let names = run.Axes |> Seq.map _.Name |> List.ofSeq

        byAxes (from, on, names, found)
        |> List.collect (fun (axes, several) ->
            match several.TryGetValue [ for axis in axes -> valueOf axis run ] with
            | true, agreeing -> [ for candidate in agreeing -> axes, candidate ]
            | false, _ -> [])

    // Runs that start from the same recipe share one object, so that it is hashed once.
    let rewound =
        Memo.by
            HashIdentity.Structural
            (fun (recipe: Recipe, epoch: int) -> addresses.Of recipe, epoch)
            (fun (recipe, epoch) -> Origins.atEpoch epoch recipe)

    // Most runs of a file share their weights, so results are cached.
    let unfit =
        Memo.by HashIdentity.Reference (fun (before: Recipe) -> before.Weights) (fun before ->
            Memo.by HashIdentity.Reference (fun (recipe: Recipe) -> recipe.Weights) (unfit before))

    /// The one run that is meant.
    let choose (run: Run) (from: StartFrom) : Candidate option =
        let noRun reason =
            report (Diagnostic.nothingToStartFrom from.Place reason)
            None

        let name = nameOf from.Source.Value

        /// Why no candidate is left.
        let nothing (found: Candidate list) =
            match found |> List.filter (fun candidate -> isNamed from.On [] candidate.Run) with
            | [] -> $"""none of {name} has {Suggest.list "and" 4 from.On}"""
            | named ->
                let differs =
                    [
                        for axis in run.Axes do
                            let isElsewhere (candidate: Candidate) =
                                List.contains axis.Name (shared from.On [ axis.Name ] candidate.Run)
                                && valueOf axis.Name candidate.Run <> Some axis.Value

                            if List.forall isElsewhere named then
                                $"{axis.Name} {AxisValue.text axis.Value}"
                    ]

                $"""none of {name} has {Suggest.list "and" 4 differs}"""

        match candidates from.Source with
        | Error diagnostic ->
            report diagnostic
            None
        | Ok [] when from.Source.Value.IsCase ->
            // The errors of the case are reported there.
            None
        | Ok [] -> noRun $"{name} has none"
        | Ok found ->
            // A value after `on` belongs to an axis that the run does not have, if there is such an axis; otherwise it replaces
            // the run's own value.
            let chosen =
                agreeing run from [] found
                |> List.filter (fun (axes, candidate) -> isNamed from.On axes candidate.Run)

            let chosen =
                if chosen.IsEmpty then
                    agreeing run from from.On found
                else
                    chosen

            match List.map snd chosen with
            | [] -> noRun (nothing found)
            | [ only ] -> Some only
            | several when several |> List.exists (fun one -> one.Run.Place <> Place.Alone) ->
                noRun $"those of {name} are candidates of a search, which its results choose from"
            | several ->
                match several |> List.distinctBy (fun one -> addresses.Of one.Run.Recipe) with
                | [ only ] -> Some only
                | distinct ->
                    report (
                        Diagnostic.severalToStartFrom from.Place name distinct.Length (differing distinct)
                    )

                    None

    let rec recipeOf (open': int list) (i: int) : Recipe option =
        let run = planned[i].Run

        match planned[i].Start with
        | None -> Some run.Recipe
        | Some from ->
            Memo.find linked i (fun () ->
                choose run from
                |> Option.bind (baseOf (i :: open') run from)
                |> Option.map (fun before ->
                    { run.Recipe with
                        From = Origin.Run before
                    }))

    and baseOf (open': int list) (run: Run) (from: StartFrom) (chosen: Candidate) : BaseRun option =
        let before =
            match chosen.Own with
            | None -> Some chosen.Run.Recipe
            | Some own when List.contains own open' ->
                let through =
                    List.takeWhile ((<>) own) open'
                    |> List.rev
                    |> List.map (fun i -> planned[i].Run.Name)

                report (Diagnostic.startsFromItself from.Place chosen.Name through)
                None
            | Some own -> recipeOf open' own

        let cannot reason =
            report (Diagnostic.nothingToStartFrom from.Place reason)
            None

        before
        |> Option.bind (fun before ->
            match before.Learning, from.Epoch, unfit before run.Recipe with
            | Learning.Ensemble _, _, _ ->
                cannot $"{chosen.Name} is an ensemble, which has no weights of its own"
            | Learning.StageByStage _, Some _, _ ->
                cannot $"{chosen.Name} learns stage by stage, so at an epoch it has no whole net"
            | _, Some epoch, _ when epoch.Value > before.Epochs ->
                report (
                    Diagnostic.outOfRange
                        epoch.Span
                        "the epoch"
                        $"1 to %d{before.Epochs}, those of {chosen.Name}"
                )

                None
            | _, _, (_ :: _ as unfit) ->
                report (Diagnostic.unfitToStartFrom from.Place chosen.Name unfit)
                None
            | _, epoch, [] ->
                let epoch =
                    epoch
                    |> Option.map _.Value
                    |> Option.filter (fun epoch -> epoch < before.Epochs)

                let name, recipe =
                    match epoch with
                    | Some epoch -> $"{chosen.Name} at epoch {epoch}", rewound (before, epoch)
                    | None -> chosen.Name, before

                let found: BaseRun =
                    {
                        Name = name
                        NetName = chosen.Run.NetName
                        Recipe = recipe
                    }

                Some found)

    [
        for i in 0 .. planned.Length - 1 do
            match recipeOf [] i with
            | Some recipe when planned[i].Start.IsSome ->
                { planned[i] with
                    Run = { planned[i].Run with Recipe = recipe }
                }
            | _ -> planned[i]
    ]
