/// The open documents and their analyses, computed on demand.
module Freeze.LanguageServer.Workspace

open System
open System.Collections.Generic
open System.IO
open Freeze
open System.Threading.Tasks
open Freeze.Language
open Freeze.Language.Syntax
open Freeze.LanguageServer.Protocol
open Freeze.LanguageServer.Documents

/// Everything known about a document and its imports. Reading takes a tenth of the time of the analysis, so outlines and names do
/// not wait for runs.
type Analysed =
    {
        Document: Document
        /// The document as read, with its imports.
        Loaded: Imports.Loaded
        Analysis: Lazy<Compile.Analysis>
        /// The diagnostics of the analysis, and those that occur under one of the profiles only.
        Diagnostics: Lazy<Diagnostic list>
        Tokens: Lazy<Scanner.Token[]>
        Names: Lazy<Names.Occurrence list>
        Decisions: Lazy<IDictionary<Span, Decisions.Decision list>>
        /// The lines of each source, in the same order.
        Lines: (Source * Lazy<LineIndex>) list
    }

    member this.Root = this.Loaded.Root
    member this.Statements = this.Loaded.Root.Parsed.Statements
    member this.Sources = this.Loaded.Sources

type Opened =
    {
        Document: Document
        Analysed: Lazy<Analysed>
    }

/// The open documents by URI.
type Workspace = Map<string, Opened>

let empty: Workspace = Map.empty

/// A pipe or a device may never answer, but an editor must.
let private patience = TimeSpan.FromSeconds 1.0

let readFile (path: string) : Result<Source, string> =
    let full = Imports.fullPath path

    // Standard input is one of these, and the editor uses it to talk to the server.
    if full.StartsWith "/dev/" || full.StartsWith "/proc/" then
        Error "it is no file"
    else
        let reading = Task.Run(fun () -> Source.read path)

        if reading.Wait patience then
            reading.Result
        else
            Error "it does not answer"

/// An editor shows no addresses, so the digest of a file only has to change with its content: reading gigabytes at each keystroke
/// would take too long.
let private weights (path: string) : Result<WeightFile, string> =
    let glance file =
        { WeightFiles.glance file with
            Digest = $"{path} {FileInfo(path).Length} {FileInfo(path).LastWriteTimeUtc.Ticks}"
        }

    Source.reading path (WeightFiles.read glance)

/// Files as open in the editor, else from disk. `texts` are by full path.
let files (texts: Map<string, Result<Source, string>>) : Imports.Files =
    {
        Read =
            fun path ->
                match Map.tryFind (Imports.fullPath path) texts with
                | Some source -> source
                | None -> readFile path
        Weights = weights
        Named = Compile.defaults.Files.Named
        Images = Compile.defaults.Files.Images
    }

let private texts (documents: Document seq) =
    documents
    |> Seq.map (fun document -> Imports.fullPath document.Path, document.Source)
    |> Map.ofSeq

let private analyse (files: Imports.Files) (document: Document) : Analysed =
    let source, unreadable =
        match document.Source with
        | Ok source -> source, []
        | Error reason ->
            {
                Path = document.Path
                Text = ""
                Start = 0
            },
            [ Diagnostic.unreadable reason ]

    let loaded = Imports.load files source

    let under profile =
        Compile.analyseLoaded
            {
                Profile = profile
                Overrides = []
                Files = files
            }
            loaded

    let analysis = lazy (under "")

    let diagnostics () =
        let usual = analysis.Value.Diagnostics
        let known = usual |> List.map (fun d -> d.Code, d.Span) |> Set.ofList

        let ofProfile profile =
            (under profile).Diagnostics
            |> List.filter (fun d -> Diagnostic.isError d && not (known.Contains(d.Code, d.Span)))
            |> List.map (fun d ->
                { d with
                    Message = $"under profile {profile}: {d.Message}"
                })

        // If a file cannot be read, nothing else is reported.
        if unreadable.IsEmpty then
            usual @ List.collect ofProfile analysis.Value.Profiles
        else
            unreadable

    {
        Document = document
        Loaded = loaded
        Analysis = analysis
        Diagnostics = lazy (diagnostics ())
        Tokens = lazy (Scanner.tokens source)
        Names = lazy (Names.occurrences (Imports.all loaded.Root))
        Decisions = lazy (Decisions.ofAnalysis analysis.Value)
        Lines =
            loaded.Sources
            |> List.map (fun source -> source, lazy (LineIndex.ofText source.Text))
    }

let private couldNotImport = (Diagnostic.cannotImport Span.Nowhere "" "").Code

/// Whether runs of a document start from runs of other files.
let private startsElsewhere (analysed: Analysed) =
    let isText (expression: Expression) = expression.Value.IsText

    Imports.all analysed.Root
    |> Seq.collect (fun file -> Walk.statements file.Parsed.Statements)
    |> Seq.exists (fun statement ->
        match statement.Value with
        | StatementItem.Setting({ Value = "start" }, phrase) ->
            phrase |> Seq.collect Walk.expressions |> Seq.exists isText
        | _ -> false)

/// Whether the analysis of a document stays valid when the given path changes.
let private isApart (path: string) (opened: Opened) =
    opened.Analysed.IsValueCreated
    && (let analysed = opened.Analysed.Value

        analysed.Sources
        |> List.forall (fun source -> Imports.fullPath source.Path <> path)
        && analysed.Loaded.Diagnostics |> List.forall (fun d -> d.Code <> couldNotImport)
        && not (startsElsewhere analysed))

/// The workspace with the given documents; those that depend on a path are analysed again.
let private renewed (path: string) (documents: Document list) (before: Workspace) : Workspace =
    let files = files (texts documents)

    documents
    |> List.map (fun document ->
        match Map.tryFind document.Uri before with
        | Some opened when obj.ReferenceEquals(opened.Document, document) && isApart path opened ->
            document.Uri, opened
        | _ ->
            document.Uri,
            {
                Document = document
                Analysed = lazy (analyse files document)
            })
    |> Map.ofList

let private documents (workspace: Workspace) =
    workspace |> Map.values |> Seq.map _.Document |> List.ofSeq

/// The workspace after a document was opened or changed.
let add (document: Document) (workspace: Workspace) : Workspace =
    let others =
        documents workspace |> List.filter (fun other -> other.Uri <> document.Uri)

    renewed (Imports.fullPath document.Path) (document :: others) workspace

let remove (uri: string) (workspace: Workspace) : Workspace =
    match Map.tryFind uri workspace with
    | None -> workspace
    | Some closed ->
        let others = documents workspace |> List.filter (fun other -> other.Uri <> uri)
        renewed (Imports.fullPath closed.Document.Path) others workspace

/// The workspace after files on disk have changed.
let refreshed (workspace: Workspace) : Workspace =
    renewed "" (documents workspace) Map.empty

/// The URI of a source: that of the open document, if it is open.
let fileUri (workspace: Workspace) (path: string) : string =
    let full = Imports.fullPath path

    workspace
    |> Map.tryPick (fun uri opened ->
        if Imports.fullPath opened.Document.Path = full then
            Some uri
        else
            None)
    |> Option.defaultWith (fun () -> Uris.ofPath full)

let rangeOf (analysed: Analysed) (span: Span) : Range =
    let source, lines =
        analysed.Lines |> List.findBack (fun (source, _) -> source.Start <= span.Start)

    Positions.range lines.Value source.Start span

/// The location of a span of an analysis, in whichever file.
let locationOf (workspace: Workspace) (analysed: Analysed) (span: Span) : Location =
    {
        Uri = fileUri workspace (Source.at analysed.Sources span.Start).Path
        Range = rangeOf analysed span
    }

/// The document's own source, which begins at 0.
let sourceOf (analysed: Analysed) : Source = List.head analysed.Sources

let offsetOf (analysed: Analysed) (position: Position) : int =
    Positions.offset (snd (List.head analysed.Lines)).Value position

/// The open documents that include a path: the document itself, or those that import it.
let rootsOf (workspace: Workspace) (path: string) : Analysed list =
    let full = Imports.fullPath path

    workspace
    |> Map.values
    |> Seq.map _.Analysed.Value
    |> Seq.filter (fun analysed ->
        analysed.Sources
        |> List.exists (fun source -> Imports.fullPath source.Path = full))
    |> List.ofSeq
