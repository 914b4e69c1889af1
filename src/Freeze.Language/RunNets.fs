/// Finds the net of a run from its settings. A net that reads no `let` is built once for all runs.
module Freeze.Language.RunNets

open System.Collections.Generic
open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.Settings
open Freeze.Language.Rules
open Freeze.Language.Sections

/// A built net, as used by a run and its rules.
type RunNet =
    {
        /// Including its arguments, as numbers.
        Name: string
        Built: NetChecker.Built
        View: Selectors.NetView
        /// The weights that a selector matches; a selector without numbers is resolved once for all runs.
        Select: Scope -> Selector -> Result<Set<int>, Diagnostic>
        /// The weights of the runs so far, by what rules read.
        Resolved: Dictionary<RuleReads.Key, Resolved>
    }

    member this.Net = this.Built.Net

    /// The net as used by a run.
    member this.OfRun isByStages =
        if isByStages then this.Built.Net else this.Built.Alone

let private selecting (view: Selectors.NetView) : Scope -> Selector -> Result<Set<int>, Diagnostic> =
    let known = Dictionary<Span, Result<Set<int>, Diagnostic>>()

    fun scope selector ->
        let resolve () = Selectors.resolve scope view selector

        if (Walk.selectorExpressions selector).IsEmpty then
            Memo.find known selector.Span resolve
        else
            resolve ()

/// Whether a definition reads a let of a section.
let readsLets (section: Section) (definition: Definition) =
    let lets = section.LetMap

    Walk.netExpressions definition
    |> Seq.collect Walk.words
    |> Seq.exists lets.ContainsKey

let private build
    report
    (scope: Scope)
    (settings: Settings)
    (resolved: NetLibrary.Resolved)
    name
    : RunNet option =
    let place = settings.Net.Callee

    let report, body =
        if resolved.IsBuiltIn then
            Diagnostic.libraryNet place.Span place.Value >> report, Scope.Empty
        else
            report, scope

    NetChecker.check
        report
        scope
        body
        resolved.Definition
        resolved.Call
        settings.Data.Image
        settings.Recipe.Classes
    |> Option.map (fun built ->
        let view = Selectors.view name built.Net

        {
            Name = name
            Built = built
            View = view
            Select = selecting view
            Resolved = Dictionary(HashIdentity.Structural)
        })

/// Returns a function that builds the nets that settings mean.
let builder report : Section -> Scope -> Settings -> NetLibrary.Resolved -> RunNet option =
    let known =
        Dictionary<string * int list * int, RunNet option>(HashIdentity.Structural)

    fun section scope settings resolved ->
        let name = Naming.ofNet scope settings.Net

        let build () =
            build report scope settings resolved name

        if not resolved.IsBuiltIn && readsLets section resolved.Definition then
            build ()
        else
            Memo.find known (name, List.ofArray settings.Data.Image, settings.Recipe.Classes) build
