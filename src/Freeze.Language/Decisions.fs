/// What rules come to in the runs of a file: which weights each decides, and how many scalars of them learn.
[<RequireQualifiedAccess>]
module Freeze.Language.Decisions

open System.Collections.Generic
open Freeze

/// What one rule decides in one run.
type Decision =
    {
        /// The number of the run, from 0.
        Run: int
        Weights: WeightPlan list
        Counts: Counts
    }

/// By the place of a rule the weights that it decides in a run, and what they count.
let private ofRun (plans: WeightPlan[]) (reasons: Span option[]) : (Span * (WeightPlan list * Counts)) list =
    Seq.zip reasons plans
    |> Seq.choose (fun (reason, plan) -> reason |> Option.map (fun span -> span, plan))
    |> Seq.groupBy fst
    |> Seq.map (fun (span, plans) ->
        let plans = plans |> Seq.map snd |> List.ofSeq
        span, (plans, Counts.ofWeights plans))
    |> List.ofSeq

/// By the place of a rule what it decides, run by run; a rule that decides nothing is not there.
let ofAnalysis (analysis: Compile.Analysis) : IDictionary<Span, Decision list> =
    // Runs whose rules read the same share their plans, and are looked at once.
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
