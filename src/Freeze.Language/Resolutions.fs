/// What rules read: runs in which they read the same have the same weights. A list of seeds multiplies runs, not work.
[<RequireQualifiedAccess>]
module Freeze.Language.Resolutions

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
type Reads = { Lists: Span list; Seed: bool }

/// What some rules of a section read.
let reads (section: Section) (rules: Rule list) : Reads =
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

/// What tells runs apart whose rules read differently; `chosen` is the number of the item that a run has of each list.
let key (reads: Reads) (chosen: Map<Span, int64>) (seed: int64) (epochs: int) : string =
    let items = reads.Lists |> List.map (fun place -> Map.tryFind place chosen)
    let seed = if reads.Seed then seed else 0L
    $"{epochs} {seed} %A{items}"
