/// What rules amount to in the runs of a file: which weights each rule decides, and how many of their scalars are trained.
[<RequireQualifiedAccess>]
module Freeze.Language.Decisions

open System.Collections.Generic
open Freeze

/// What one rule decides in one run.
type Decision =
    {
        /// The index of the run, from 0.
        Run: int
        Weights: WeightPlan list
        Counts: Counts
    }

/// For the place of each rule, the weights that it decides in a run, and their counts.
let private ofRun (plans: WeightPlan[]) (reasons: Span option[]) : (Span * (WeightPlan list * Counts)) list =
    Seq.zip reasons plans
    |> Seq.choose (fun (reason, plan) -> reason |> Option.map (fun span -> span, plan))
    |> Seq.groupBy fst
    |> Seq.map (fun (span, plans) ->
        let plans = plans |> Seq.map snd |> List.ofSeq
        span, (plans, Counts.ofWeights plans))
    |> List.ofSeq

/// For the place of each rule, what it decides in each run; rules that decide nothing are left out.
let ofAnalysis (analysis: Compile.Analysis) : IDictionary<Span, Decision list> =
    // Runs whose rules read the same values share their plans, which are counted once.
    let known =
        Dictionary<WeightPlan[], (Span * (WeightPlan list * Counts)) list>(HashIdentity.Reference)

    analysis.Runs
    |> Seq.indexed
    |> Seq.collect (fun (i, run) ->
        let plans = PlanFile.weights run.Recipe

        Memo.find known plans (fun () -> ofRun plans analysis.Reasons[i])
        |> Seq.map (fun (span, (weights, counts)) ->
            span,
            {
                Run = i
                Weights = weights
                Counts = counts
            }))
    |> Seq.groupBy fst
    |> Seq.map (fun (span, decisions) -> span, decisions |> Seq.map snd |> List.ofSeq)
    |> dict
