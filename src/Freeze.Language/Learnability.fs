/// Warns of runs that cannot learn because of zeros or of rules that cover everything.
module Freeze.Language.Learnability

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Rules

/// The rule that decides a weight; weights without a rule always learn.
let private reasonOf (resolved: Resolved) isMeant : Span option =
    Seq.zip resolved.Weights resolved.Reasons
    |> Seq.tryPick (fun (plan, reason) -> if isMeant plan then reason else None)

let private isStill (plan: WeightPlan) = plan.Treatment.IsStill

/// Warns at the rule to change. Gradients are not followed through stages, since each has its own classifier.
let warn report (net: Net) isStaged (resolved: Resolved) =
    let weights = resolved.Weights

    let warn diagnostic isMeant =
        reasonOf resolved isMeant |> Option.iter (diagnostic >> report)

    if not (Array.exists Counts.learns weights) then
        warn Diagnostic.learnsNothing isStill
    elif
        weights
        |> Array.exists (fun plan -> (Counts.ofWeight plan).Trained < Weight.size plan.Weight)
    then
        let reach = Reach.ofNet net resolved.FrozenStatistics weights

        if not reach.IsFed then
            warn (fun span -> Diagnostic.cutOff span (List.ofArray reach.Cuts)) (fun plan ->
                isStill plan && (reach.Cuts.Length = 0 || plan.Weight.Layer = reach.Cuts[0]))
        elif not isStaged then
            // One rule trains all norms: norms among zeros are no mistake.
            let unmoved =
                reach.Unmoved
                |> Array.filter (fun i -> not (LayerKind.isNorm weights[i].Weight.Kind))

            for reason, unmoved in unmoved |> Array.groupBy (fun i -> resolved.Reasons[i]) do
                let layers =
                    unmoved
                    |> Array.map (fun i -> weights[i].Weight.Layer)
                    |> Array.distinct
                    |> List.ofArray

                reason
                |> Option.orElse (reasonOf resolved isStill)
                |> Option.iter (fun span -> report (Diagnostic.noGradient span layers))
