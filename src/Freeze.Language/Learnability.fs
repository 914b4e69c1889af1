/// Warns of runs that zeros, or rules for everything, keep from learning.
module Freeze.Language.Learnability

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Rules

/// The rule that decides a weight; weights without one always learn.
let private reasonOf (resolved: Resolved) isMeant : Span option =
    Seq.zip resolved.Weights resolved.Reasons
    |> Seq.tryPick (fun (plan, reason) -> if isMeant plan then reason else None)

let private isStill (plan: WeightPlan) = plan.Treatment.IsStill

/// Warns at the rule to change. Of stages, what a gradient does is not followed: each has a classifier of its own.
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
            // Norms learn everywhere by one rule: those among zeros are no mistake.
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
