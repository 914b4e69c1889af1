/// What rules read: runs with the same reads have the same weights. So a list of seeds multiplies runs, but not work.
[<RequireQualifiedAccess>]
module Freeze.Language.RuleReads

open Freeze.Language.Syntax
open Freeze.Language.Rules
open Freeze.Language.Sections
open Freeze.Language.Variants

/// What some rules of a variant read besides the net.
type Reads =
    {
        Case: string option
        OfMembers: bool
        /// The spans of lists.
        Lists: Span list
        Seed: bool
    }

/// What distinguishes runs of a net for rules: case, whether for members, epochs, seed, and items of lists.
type Key = string option * bool * int * int64 * int64 option list

/// The spans of the lists in an expression.
let private lists (expression: Expression) : Span seq =
    Walk.expressions expression
    |> Seq.filter (fun inner ->
        inner.Value.IsList
        || inner.Value.IsRange
        || inner.Value.IsTuple
        || inner.Value.IsAmount)
    |> Seq.map _.Span

/// What the rules of an ensemble's members read, or the other rules.
let ofVariant (variant: Variant) (ofMembers: bool) : Reads =
    let section = variant.Section
    let rules = rulesOf section ofMembers

    let starts =
        [ "init"; "start" ]
        |> List.choose (fun name -> Map.tryFind name section.Settings)
        |> List.collect _.Phrase

    let own = starts @ List.collect ruleExpressions rules
    let used = reached section.LetMap own

    let lets =
        section.Lets
        |> List.filter (fun l -> used.Contains l.Name.Value)
        |> List.map _.Content

    {
        Case = variant.Case |> Option.map _.Value
        OfMembers = ofMembers
        Lists = own @ lets |> Seq.collect lists |> List.ofSeq
        Seed =
            rules
            |> List.collect _.Action.Modifiers
            |> List.exists (fun modifier -> modifier.Value.Words = "at random")
    }

/// `chosen` is the index of the run's item in each list.
let key (reads: Reads) (chosen: Map<Span, int64>) (seed: int64) (epochs: int) : Key =
    let items = reads.Lists |> List.map (fun place -> Map.tryFind place chosen)
    reads.Case, reads.OfMembers, epochs, (if reads.Seed then seed else 0L), items
