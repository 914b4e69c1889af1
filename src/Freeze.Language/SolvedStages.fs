/// What rules mean where the classifier of a stage is solved for.
module Freeze.Language.SolvedStages

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Rules

/// What becomes of a weight.
[<RequireQualifiedAccess>]
type private Role =
    | Usual
    /// It stays where it starts.
    | Still
    /// It is the net's own classifier, which is solved for.
    | Solved of ridge: float

let private role (net: Net) (stages: StageLearning[]) (place: int) : Role =
    let behind = net.Stages |> Array.tryFindIndex (fun stage -> place <= stage.Output)
    let isLast = place = net.Nodes.Length - 1

    match behind, Array.last stages with
    | Some stage, _ -> if stages[stage].IsSolve then Role.Still else Role.Usual
    | None, (StageLearning.Solve ridge | StageLearning.ReconstructThenSolve ridge) when isLast ->
        Role.Solved ridge
    | None, (StageLearning.Solve _ | StageLearning.ReconstructThenSolve _) -> Role.Still
    | None, (StageLearning.Classify | StageLearning.Reconstruct) -> Role.Usual

/// The weights of a net of which some stages are solved for. Such a stage claims its weights, and the last one the net's own
/// classifier, from `rest`; a rule that lets one of them learn is a mistake.
let settle report (rules: Rule list) (net: Net) (stages: StageLearning[]) (resolved: Resolved) : Resolved =
    let places =
        net.Nodes |> Array.mapi (fun place node -> node.Name, place) |> Map.ofArray

    let rests = rules |> List.filter isRest |> List.map _.Span |> Set.ofList

    let settle i (plan: WeightPlan) : WeightPlan =
        let told = resolved.Reasons[i] |> Option.filter (rests.Contains >> not)

        let claimed treatment =
            match told with
            | None ->
                { plan with
                    Treatment = treatment
                    Update = Update.usual
                }
            | Some rule ->
                report (Diagnostic.learnsInSolvedStage rule plan.Weight.Layer)
                plan

        match role net stages places[plan.Weight.Layer], plan.Treatment with
        | Role.Usual, _
        | Role.Still, Treatment.Still _ -> plan
        | Role.Still, _ -> claimed (Treatment.Still Stillness.Fixed)
        | Role.Solved ridge, Treatment.Solved same when same = ridge -> plan
        | Role.Solved ridge, _ -> claimed (Treatment.Solved ridge)

    if
        stages
        |> Array.exists (fun stage -> stage.IsSolve || stage.IsReconstructThenSolve)
    then
        { resolved with
            Weights = resolved.Weights |> Array.mapi settle
        }
    else
        resolved
