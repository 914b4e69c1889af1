/// Quick fixes for diagnostics: insert the name that was meant, or make the change that a warning suggests.
[<RequireQualifiedAccess>]
module Freeze.LanguageServer.QuickFixes

open System
open System.Text.Json.Nodes
open Freeze.Language
open Freeze.Language.Syntax
open Freeze.LanguageServer.Protocol
open Freeze.LanguageServer.Workspace

type private Fix =
    {
        Title: string
        /// Each replaced span with its new text.
        Edits: (Span * string) list
        /// Whether this is the only way to fix the problem.
        IsSure: bool
    }

let private fix title edits =
    {
        Title = title
        Edits = edits
        IsSure = false
    }

/// The innermost statement around a span.
let private statementAt (analysed: Analysed) (span: Span) : Statement option =
    Walk.statements analysed.Statements
    |> Seq.filter (fun statement -> statement.Span.Start <= span.Start && span.End <= statement.Span.End)
    |> Seq.tryLast

let private isBlank (c: char) = c = ' ' || c = '\t'

/// A statement with its separator: the whole line if it is alone there, else the `;`.
let private withSeparator (source: Source) (span: Span) : Span =
    let text = source.Text
    let mutable start, finish = span.Start, span.End

    while start > 0 && isBlank text[start - 1] do
        start <- start - 1

    while finish < text.Length && isBlank text[finish] do
        finish <- finish + 1

    let endsLine = finish >= text.Length || text[finish] = '\n' || text[finish] = '\r'
    let startsLine = start = 0 || text[start - 1] = '\n'

    if finish < text.Length && text[finish] = ';' then
        finish <- finish + 1

        while finish < text.Length && isBlank text[finish] do
            finish <- finish + 1

        Span.Between(span.Start, finish)
    elif startsLine && endsLine then
        let next = text.IndexOf('\n', min finish (max 0 (text.Length - 1)))
        Span.Between(start, (if next < 0 then text.Length else next + 1))
    elif start > 0 && text[start - 1] = ';' then
        Span.Between(start - 1, span.End)
    else
        span

/// Whether the statement contains only what the warning is about; otherwise nothing is offered.
let private isAlone (statement: Statement) =
    match statement.Value with
    | StatementItem.Together _
    | StatementItem.ExpectTable _
    | StatementItem.Report _ -> false
    | StatementItem.Expect(_, values, _) -> values.Length = 1
    | _ -> true

/// Whether a statement only defines the name at a span.
let private defines (span: Span) (statement: Statement) =
    match statement.Value with
    | StatementItem.Let(name, _)
    | StatementItem.Draw(name, _)
    | StatementItem.Net { Name = name } -> name.Span = span
    | _ -> false

let private removal (analysed: Analysed) (what: string) isWhole (diagnostic: Diagnostic) =
    statementAt analysed diagnostic.Span
    |> Option.filter isWhole
    |> Option.map (fun statement ->
        fix $"Remove {what}" [ withSeparator (Workspace.sourceOf analysed) statement.Span, "" ])
    |> Option.toList

/// Sets `validate` to held-out images, replacing the setting if there is one.
let private holdOut (analysed: Analysed) (diagnostic: Diagnostic) =
    let isValidate (statement: Statement) =
        match statement.Value with
        | StatementItem.Setting(name, _) -> name.Value = "validate"
        | _ -> false

    let written = "validate 5000"
    let title = $"Hold out 5,000 training images: `{written}`"

    match analysed.Statements |> List.tryFind isValidate, statementAt analysed diagnostic.Span with
    | Some statement, _ -> [ fix title [ statement.Span, written ] ]
    | None, Some statement ->
        let start = statement.Span.Start
        [ fix title [ Span.Between(start, start), written + "; " ] ]
    | None, None -> []

/// Appends words to the rule around a span.
let private append (analysed: Analysed) (words: string) (diagnostic: Diagnostic) =
    statementAt analysed diagnostic.Span
    |> Option.map (fun statement ->
        let finish = statement.Span.End
        fix $"Add `{words}`" [ Span.Between(finish, finish), " " + words ])
    |> Option.toList

/// Removes the modifier whose epoch never comes.
let private always (analysed: Analysed) (diagnostic: Diagnostic) =
    let source = Workspace.sourceOf analysed
    let written = Source.text source diagnostic.Span

    let start =
        source.Text.AsSpan(0, diagnostic.Span.Start).TrimEnd(" \t".AsSpan()).Length

    [ fix $"Remove `{written}`" [ Span.Between(start, diagnostic.Span.End), "" ] ]

/// Changes `zero` to `fixed` in the rule around a span.
let private unzero (analysed: Analysed) (diagnostic: Diagnostic) =
    match statementAt analysed diagnostic.Span with
    | Some {
               Value = StatementItem.Rule(_, action)
           } when action.Verb.Value = Verb.Zero ->
        [
            fix "Keep these weights at their start: `fixed`" [ action.Verb.Span, "fixed" ]
        ]
    | _ -> []

let private meant (diagnostic: Diagnostic) =
    diagnostic.Meant
    |> Option.map (fun meant ->
        { fix $"Change to `{meant}`" [ diagnostic.Span, meant ] with
            IsSure = true
        })
    |> Option.toList

/// The fixes for warnings, by code.
let private ofWarning (analysed: Analysed) (diagnostic: Diagnostic) : Fix list =
    match diagnostic.Code with
    | "FRZ101"
    | "FRZ108" -> removal analysed "this rule" isAlone diagnostic
    | "FRZ102" -> append analysed "at least 1" diagnostic
    | "FRZ103" -> removal analysed "what is never used" (defines diagnostic.Span) diagnostic
    | "FRZ106" -> always analysed diagnostic
    | "FRZ107" -> removal analysed "this statement" isAlone diagnostic
    | "FRZ109" -> holdOut analysed diagnostic
    | "FRZ116"
    | "FRZ118" -> unzero analysed diagnostic
    | _ -> []

let private action
    (workspace: Workspace)
    (analysed: Analysed)
    (diagnostic: Diagnostic)
    (fix: Fix)
    : JsonNode =
    let uri = (Workspace.locationOf workspace analysed diagnostic.Span).Uri

    let edits =
        fix.Edits
        |> List.map (fun (span, replacement) ->
            {
                Range = Workspace.rangeOf analysed span
                NewText = replacement
            })

    object
        [
            "title", text fix.Title
            "kind", text "quickfix"
            "isPreferred", flag fix.IsSure
            "diagnostics", array [ Problems.toJson workspace analysed diagnostic ]
            "edit", workspaceEdit [ uri, edits ]
        ]

/// The code actions for problems in a range of the document.
let answer (workspace: Workspace) (analysed: Analysed) (within: Range) : JsonNode =
    let source = Workspace.sourceOf analysed
    let first = Workspace.offsetOf analysed within.Start
    let last = Workspace.offsetOf analysed within.End

    analysed.Diagnostics.Value
    |> List.filter (fun d ->
        d.Span.Start <= last
        && d.Span.End >= first
        && d.Span.Start <= source.Text.Length)
    |> List.collect (fun diagnostic ->
        meant diagnostic @ ofWarning analysed diagnostic
        |> List.map (action workspace analysed diagnostic))
    |> array
