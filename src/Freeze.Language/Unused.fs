/// Warns of what no run of a file uses.
module Freeze.Language.Unused

open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.Rules
open Freeze.Language.Sections
open Freeze.Language.Variants
open Freeze.Language.Runs

/// Warns of unused lets, draws, rules and published values. A profile that narrows lists may leave published values and lets
/// unused, so then these are not reported.
let warn report (contents: Contents) (variants: Variant list) (planned: Planned list) (isNarrowed: bool) =
    let used =
        variants
        |> List.map (fun variant -> usedLets contents.Nets variant.Section)
        |> Set.unionMany

    let isUsed name =
        used.Contains name || Settings.isSetting name

    let winners = planned |> Seq.collect _.Weights.Winners |> Set.ofSeq

    let overruled =
        planned |> Seq.collect (fun run -> Map.toSeq run.Weights.Overruled) |> Map.ofSeq

    let published = planned |> Seq.collect _.Published |> Set.ofSeq
    let sections = contents.Outside :: (contents.Cases |> List.map snd)

    for section in sections @ (contents.Profiles |> List.map snd) do
        for l in section.Lets do
            if not (isNarrowed || isUsed l.Name.Value) then
                report (Diagnostic.unused l.Name.Span "let" l.Name.Value)

        for draw in section.Draws do
            if not (isUsed draw.Name.Value) then
                report (Diagnostic.unused draw.Name.Span "draw" draw.Name.Value)

    for section in sections do
        for rule in section.Rules do
            if not (isRest rule || winners.Contains rule.Span) then
                match Map.tryFind rule.Span overruled with
                | Some winner -> report (Diagnostic.neverWins rule.Span winner)
                | None ->
                    if not (Selectors.mayBeEmpty rule.Selector) then
                        report (Diagnostic.takesNothing rule.Selector.Span)

        for expected in section.Expected do
            if not (isNarrowed || published.Contains expected.Published.Value.Span) then
                report (Diagnostic.expectsNothing expected.Published.Value.Span)

/// Warns of unused nets of a file, and checks those that need no arguments, on the images of a run.
let checkNets (context: FileContext) (contents: Contents) (variant: Variant) (used: Set<string>) =
    let section = variant.Section
    let scope = Scope(section.LetMap, (fun _ -> None))

    let check (definition: Definition) (settings: Settings.Settings) =
        NetChecker.check
            context.Report
            scope
            scope
            definition
            (Calls.bare definition.Name)
            settings.Data.Image
            settings.Recipe.Classes
        |> ignore

    for KeyValue(name, definition) in contents.Nets do
        if not (used.Contains name) then
            context.Report(Diagnostic.unused definition.Name.Span "net" name)
            let isComplete = definition.Parameters |> List.forall _.Default.IsSome

            // A let may be a list, and no run has chosen an item of it.
            if isComplete && not (RunNets.readsLets section definition) then
                Settings.read ignore context.Data scope (Map.remove "net" section.Settings)
                |> Option.iter (check definition)
