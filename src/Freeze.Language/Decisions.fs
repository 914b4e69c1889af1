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

/// Per weight plans alone, so that runs of one net count once.
let private ofRun (plans: WeightPlan[]) (reasons: Span option[]) : (Span * (WeightPlan list * Counts)) list =
    Seq.zip reasons plans
    |> Seq.choose (fun (reason, plan) -> reason |> Option.map (fun span -> span, plan))
    |> Seq.groupBy fst
    |> Seq.map (fun (span, plans) ->
        let plans = plans |> Seq.map snd |> List.ofSeq
        span, (plans, Counts.ofWeights plans))
    |> List.ofSeq

/// By the place of a rule what it decides, run by run; a rule that decides nothing is not there.
let ofAnalysis (analysis: Compile.Analysis) : Dictionary<Span, Decision list> =
    let found = Dictionary<Span, ResizeArray<Decision>>()

    let known =
        Dictionary<WeightPlan[], (Span * (WeightPlan list * Counts)) list>(HashIdentity.Reference)

    analysis.Runs
    |> Array.iteri (fun i run ->
        let plans = PlanFile.weights run.Recipe

        let decided =
            match known.TryGetValue plans with
            | true, decided -> decided
            | false, _ ->
                let decided = ofRun plans analysis.Reasons[i]
                known[plans] <- decided
                decided

        for span, (weights, counts) in decided do
            if not (found.ContainsKey span) then
                found[span] <- ResizeArray()

            found[span].Add
                {
                    Run = i
                    Weights = weights
                    Counts = counts
                })

    let result = Dictionary<Span, Decision list>()

    for KeyValue(span, decisions) in found do
        result[span] <- List.ofSeq decisions

    result
