/// What of a file no run has any use for.
module Freeze.Language.Unused

open Freeze.Language.Syntax
open Freeze.Language.Rules
open Freeze.Language.Sections
open Freeze.Language.Variants
open Freeze.Language.Runs

/// Warns of lets, draws, rules and published values. A profile that narrows lists leaves published values without runs,
/// and lets without a use: nothing to warn of.
let warn report (contents: Contents) (variants: Variant list) (uses: Uses) (isNarrowed: bool) =
    let used =
        variants
        |> List.map (fun variant -> usedLets contents.Nets variant.Section)
        |> Set.unionMany

    let isUsed name =
        used.Contains name || Settings.isSetting name

    let profiles = contents.Profiles |> List.map snd
    let sections = contents.Outside :: (contents.Cases |> List.map snd)

    for section in sections @ profiles do
        for l in section.Lets do
            if not (isNarrowed || isUsed l.Name.Value) then
                report (Diagnostic.unused l.Name.Span "let" l.Name.Value)

        for draw in section.Draws do
            if not (isUsed draw.Name.Value) then
                report (Diagnostic.unused draw.Name.Span "draw" draw.Name.Value)

    for section in sections do
        for rule in section.Rules do
            if not (isRest rule || uses.Winners.Contains rule.Span) then
                match uses.Overruled.TryGetValue rule.Span with
                | true, winner -> report (Diagnostic.neverWins rule.Span winner)
                | false, _ ->
                    if not (Selectors.mayBeEmpty rule.Selector) then
                        report (Diagnostic.takesNothing rule.Selector.Span)

        for expected in section.Expected do
            if not (isNarrowed || uses.Published.Contains expected.Published.Value.Span) then
                report (Diagnostic.expectsNothing expected.Published.Value.Span)
