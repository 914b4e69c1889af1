/// Applies rules to nets with stages whose classifier is solved for.
module Freeze.Language.SolvedStages

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Rules

/// The treatment that solving requires for a layer's weights, by the layer's index in the net; None if it requires none.
let private treatment (net: Net) (stages: StageLearning[]) (index: int) : Treatment option =
    let behind = net.Stages |> Array.tryFindIndex (fun stage -> index <= stage.Output)
    let fixed' = Treatment.Still Stillness.Fixed

    match behind, Array.last stages with
    | Some stage, _ -> if stages[stage].IsSolve then Some fixed' else None
    | None, (StageLearning.Classify | StageLearning.Reconstruct) -> None
    // The net's own classifier is solved for.
    | None, (StageLearning.Solve ridge | StageLearning.ReconstructThenSolve ridge) ->
        Some(
            if index = net.Nodes.Length - 1 then
                Treatment.Solved ridge
            else
                fixed'
        )

/// The weights of a net, some of whose stages are solved for. Such a stage takes its weights from `rest`, and the last one also
/// the net's own classifier; a rule that trains one of them is an error.
let settle report (rules: Rule list) (net: Net) (stages: StageLearning[]) (resolved: Resolved) : Resolved =
    let indices =
        net.Nodes |> Array.mapi (fun index node -> node.Name, index) |> Map.ofArray

    let rests = rules |> List.filter isRest |> List.map _.Span |> Set.ofList

    let settle i (plan: WeightPlan) : WeightPlan =
        let told = resolved.Reasons[i] |> Option.filter (rests.Contains >> not)

        let taken treatment =
            match told with
            | None ->
                { plan with
                    Treatment = treatment
                    Update = Update.byDefault
                }
            | Some rule ->
                report (Diagnostic.learnsInSolvedStage rule plan.Weight.Layer)
                plan

        match treatment net stages indices[plan.Weight.Layer], plan.Treatment with
        | None, _
        // Zero weights also stay where they start.
        | Some(Treatment.Still _), Treatment.Still _ -> plan
        | Some asked, decided when asked = decided -> plan
        | Some asked, _ -> taken asked

    if
        stages
        |> Array.exists (fun stage -> stage.IsSolve || stage.IsReconstructThenSolve)
    then
        { resolved with
            Weights = resolved.Weights |> Array.mapi settle
        }
    else
        resolved
