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
let rec private lists (expression: Expression) : Span list =
    match expression.Value with
    | Term.List items
    | Term.Tuple items -> expression.Span :: List.collect lists items
    | Term.Range _ -> [ expression.Span ]
    | Term.Part(_, inner)
    | Term.Negative inner -> lists inner
    | Term.Binary(_, a, b) -> lists a @ lists b
    | Term.Call(_, arguments) -> arguments |> List.collect (fun argument -> lists argument.Content)
    | Term.Number _
    | Term.Word _
    | Term.Text _
    | Term.Size _ -> []

/// What the rules of a variant read beside the net.
type private Reads = { Lists: Span list; Seed: bool }

let private reads (section: Section) (rules: Rule list) : Reads =
    let read =
        { emptySection with
            Settings = section.Settings |> Map.filter (fun name _ -> name = "init")
            Rules = rules
            Lets = section.Lets
        }

    let used = usedLets Map.empty read

    let lets =
        section.Lets
        |> List.filter (fun l -> used.Contains l.Name.Value)
        |> List.map _.Content

    let phrases = read.Settings |> Map.values |> Seq.collect _.Phrase |> List.ofSeq

    {
        Lists = phrases @ lets @ List.collect ruleExpressions rules |> List.collect lists
        Seed =
            rules
            |> List.exists (fun rule -> rule.Action.Modifiers |> List.exists _.Value.IsAtRandom)
    }

/// The results so far, by net and by what was read.
type Resolutions(winners: HashSet<Span>) =
    let known =
        Dictionary<Selectors.Subject, Dictionary<string, Resolved>>(HashIdentity.Reference)

    let readsOf = Dictionary<string, Reads>()

    /// The weights of a run under the rules of a variant: those outside an ensemble's block, or the members'.
    /// `chosen` is the number of the item that the run has of each list.
    member _.Resolve
        (variant: Variant, ofMembers: bool, chosen: Map<Span, int64>, context: Rules.Context)
        : Resolved =
        let rules =
            variant.Section.Rules |> List.filter (fun rule -> rule.OfMembers = ofMembers)

        let name =
            variant.Case
            |> Option.map _.Value
            |> Option.defaultValue ""
            |> sprintf "%b %s" ofMembers

        let reads =
            match readsOf.TryGetValue name with
            | true, reads -> reads
            | false, _ ->
                let reads = reads variant.Section rules
                readsOf[name] <- reads
                reads

        // A draw may be behind any name.
        if not variant.Section.Draws.IsEmpty then
            Rules.resolve context winners rules
        else
            let items = reads.Lists |> List.map (fun place -> Map.tryFind place chosen)
            let seed = if reads.Seed then context.Seed else 0L
            let key = $"{name} {context.Epochs} {seed} %A{items}"

            let ofNet =
                match known.TryGetValue context.Subject with
                | true, ofNet -> ofNet
                | false, _ ->
                    let ofNet = Dictionary()
                    known[context.Subject] <- ofNet
                    ofNet

            match ofNet.TryGetValue key with
            | true, resolved -> resolved
            | false, _ ->
                let resolved = Rules.resolve context winners rules
                ofNet[key] <- resolved
                resolved
