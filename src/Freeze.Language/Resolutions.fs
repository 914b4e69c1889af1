/// Rules to weights, once for all runs in which the rules read the same: a list of seeds multiplies runs, not work.
module Freeze.Language.Resolutions

open System.Collections.Generic
open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Rules
open Freeze.Language.Sections
open Freeze.Language.Axes
open Freeze.Language.Variants

/// The places of the lists in an expression.
let private lists (expression: Expression) : Span seq =
    Walk.expressions expression
    |> Seq.filter (fun inner -> inner.Value.IsList || inner.Value.IsRange || inner.Value.IsTuple)
    |> Seq.map _.Span

/// What the rules of a variant read beside the net.
type private Reads = { Lists: Span list; Seed: bool }

let private reads (section: Section) (rules: Rule list) : Reads =
    let init =
        Map.tryFind "init" section.Settings |> Option.map _.Phrase |> Option.toList

    let own = List.concat init @ List.collect ruleExpressions rules
    let used = reached section.LetMap own

    let lets =
        section.Lets
        |> List.filter (fun l -> used.Contains l.Name.Value)
        |> List.map _.Content

    {
        Lists = own @ lets |> Seq.collect lists |> List.ofSeq
        Seed =
            rules
            |> List.exists (fun rule -> rule.Action.Modifiers |> List.exists _.Value.IsAtRandom)
    }

/// What a run's rules are resolved for.
type Question =
    {
        Variant: Variant
        /// The number of the item that the run has of each list.
        Chosen: Map<Span, int64>
        /// The rules of an ensemble's members, or those outside its block.
        OfMembers: bool
    }

/// Resolves rules, and remembers by variant what its rules read.
type Resolutions(winners: HashSet<Span>) =
    let known = Dictionary<string, Reads>()

    /// The weights of a run; `resolved` is what is known of its net so far, by what rules read.
    member _.Resolve
        (question: Question, resolved: Dictionary<string, Resolved>, context: Rules.Context)
        : Resolved =
        let section = question.Variant.Section

        let rules =
            section.Rules |> List.filter (fun rule -> rule.OfMembers = question.OfMembers)

        let resolve () = Rules.resolve context winners rules

        // A draw may be behind any name.
        if not section.Draws.IsEmpty then
            resolve ()
        else
            let case = question.Variant.Case |> Option.map _.Value |> Option.defaultValue ""
            let name = $"%b{question.OfMembers} {case}"
            let reads = Memo.once known name (fun () -> reads section rules)
            let items = reads.Lists |> List.map (fun place -> Map.tryFind place question.Chosen)
            let seed = if reads.Seed then context.Seed else 0L
            Memo.once resolved $"{name} {context.Epochs} {seed} %A{items}" resolve
