/// The entry point of the language: analyses a text completely.
[<RequireQualifiedAccess>]
module Freeze.Language.Compile

open System.IO
open System.Text.RegularExpressions
open Freeze
open Freeze.Language.Syntax

/// How a text is read.
type Options =
    {
        /// The profile in force, or "".
        Profile: string
        /// Settings and lets that override the file and its profile, each written as `epochs=1`.
        Overrides: string list
        Files: Imports.Files
    }

type Analysis =
    {
        /// The file, then its imports; the offsets of a span tell which source it is in.
        Sources: Source list
        /// In the order of the text.
        Diagnostics: Diagnostic list
        Runs: Run[]
        /// For each run and each of its weights, the rule that decides it.
        Reasons: Span option[][]
        Report: ReportItem[]
        Profiles: string list
    }

/// Stop after 100 errors.
let private mostDiagnostics = 100

/// Files are written by hand, and some checks take time quadratic in the number of statements.
let private mostStatements = 5_000

/// Reads files from disk, without a profile. No data set is opened: named sets are assumed to be as published, and the digests of
/// folders are unknown.
let defaults =
    {
        Profile = ""
        Overrides = []
        Files =
            {
                Read = Source.read
                Weights = fun path -> Source.reading path (WeightFiles.read WeightFiles.ofStream)
                Named = DataSource.published >> DataSource.digest
                Images =
                    fun path ->
                        if Directory.Exists path then
                            ImageFolders.list path |> Result.map (ImageFolders.content "")
                        else
                            Ok ImageFolders.unknown
            }
    }

let private statementCount (statements: Statement list) =
    Walk.statements statements
    |> Seq.sumBy (fun statement ->
        match statement.Value with
        | StatementItem.Report lines -> 1 + lines.Length
        | StatementItem.Expect(_, values, _) -> values.Length
        | StatementItem.ExpectTable(_, _, lines) ->
            lines
            |> List.sumBy (fun line ->
                match line.Value with
                | PublishedLine.Row(_, values) -> values.Length
                | PublishedLine.Columns _
                | PublishedLine.Broken -> 1)
        | StatementItem.Rule(selector, _) -> Walk.selectors selector |> Seq.filter Walk.isLeaf |> Seq.length
        | _ -> 1)

let private distinct (diagnostics: Diagnostic seq) =
    // If a place has a more specific error, the error that its value does not fit is dropped.
    let unfit = (Diagnostic.wrongValue Span.Nowhere "").Code

    let faulty =
        diagnostics
        |> Seq.filter (fun d -> d.Code <> unfit)
        |> Seq.map _.Span
        |> Set.ofSeq

    diagnostics
    |> Seq.filter (fun d -> d.Code <> unfit || not (faulty.Contains d.Span))
    |> Seq.distinctBy (fun d -> d.Code, d.Span)
    |> Seq.truncate mostDiagnostics
    |> List.ofSeq

/// Turns `epochs=1` into the statement `epochs 1`; spans refer to the text as written.
let private asStatement (text: string) =
    let found = Regex.Match(text, @"^\s*[A-Za-z][A-Za-z0-9_-]*\s*=(?!=)")

    if found.Success then
        text.Remove(found.Length - 1, 1).Insert(found.Length - 1, " ")
    else
        text

/// Places the texts of overrides after the file and its imports in the offset space.
let private placeOverrides (sources: Source list) (texts: string list) : Source list =
    texts
    |> List.fold
        (fun placed text ->
            placed
            @ [
                Source.behind
                    placed
                    {
                        Path = "--set"
                        Text = text
                        Start = 0
                    }
            ])
        sources
    |> List.skip sources.Length

/// The same profile if a file has one with that name; else "".
let private profileOf (wanted: string) (loaded: Imports.Loaded) =
    let isWanted (statement: Statement) =
        match statement.Value with
        | StatementItem.Profile(name, _) -> name.Value = wanted
        | _ -> false

    if
        Imports.all loaded.Root
        |> List.exists (fun file -> List.exists isWanted file.Parsed.Statements)
    then
        wanted
    else
        ""

/// Files that start from each other are written by hand; more than this are a mistake or an attack.
let private mostOthers = 100

/// The runs of other files by full path, or why there are none; None while a file is being analysed.
type private Others = System.Collections.Generic.Dictionary<string, Result<Run list, string> option>

/// `profile` is the one requested for the first file.
let rec private analyseWithin
    (others: Others)
    (profile: string)
    (options: Options)
    (loaded: Imports.Loaded)
    : Analysis =
    let source = loaded.Root.Source
    let overrides = placeOverrides loaded.Sources options.Overrides

    let parsedOverrides =
        overrides
        |> List.map (fun source ->
            Parser.parse
                { source with
                    Text = asStatement source.Text
                })

    let loaded =
        { loaded with
            Sources = loaded.Sources @ overrides
            Diagnostics = loaded.Diagnostics @ (parsedOverrides |> List.collect _.Diagnostics)
        }

    let found = ResizeArray<Diagnostic>()

    /// Caches what a path resolves to, for all runs.
    let lookUp look notFound =
        let known = System.Collections.Generic.Dictionary<string, Result<'T, string>>()

        fun (written: Located<string>) ->
            if written.Value.Trim() = "" then
                Error(notFound written.Span "its name is empty")
            else
                let path =
                    Imports.resolve (Source.at loaded.Sources written.Span.Start) written.Value
                    // A plan can be run from another folder than this one.
                    |> Imports.fullPath

                Memo.find known path (fun () -> look path)
                |> Result.map (fun found -> path, found)
                |> Result.mapError (notFound written.Span)

    let runsIn (source: Source) path =
        let other = Imports.load options.Files { source with Path = path; Start = 0 }

        let analysis =
            analyseWithin
                others
                profile
                { options with
                    Profile = profileOf profile other
                    Overrides = []
                }
                other

        if List.exists Diagnostic.isError analysis.Diagnostics then
            Error "it has errors, which `freeze check` shows"
        else
            Ok(List.ofArray analysis.Runs)

    /// The runs of a file that this one starts from.
    let runsOf path =
        match others.TryGetValue path with
        | true, Some known -> known
        | true, None -> Error "that file starts from this one, directly or through others"
        | false, _ when others.Count >= mostOthers -> Error $"more than %d{mostOthers} files"
        | false, _ ->
            others[path] <- None

            let found =
                options.Files.Read path |> Result.bind (fun source -> runsIn source path)

            others[path] <- Some found
            found

    let context: Sections.FileContext =
        {
            Report = found.Add
            Source = source
            TextOf = fun span -> Source.text (Source.at loaded.Sources span.Start) span
            Weights = lookUp options.Files.Weights Diagnostic.notSafetensors
            Data =
                {
                    Named = options.Files.Named
                    Folder = lookUp options.Files.Images Diagnostic.notImages
                }
            RunsOf =
                let find = lookUp runsOf Diagnostic.nothingToStartFrom
                find >> Result.map snd
            Profile = options.Profile
            Overrides = parsedOverrides |> List.collect _.Statements
        }

    let files = Imports.all loaded.Root

    let statements =
        files |> List.sumBy (fun file -> statementCount file.Parsed.Statements)

    if
        loaded.Root.Parsed.Statements.IsEmpty
        && loaded.Diagnostics.IsEmpty
        && options.Overrides.IsEmpty
    then
        found.Add(Diagnostic.emptyFile { Start = 0; End = 0 })

    let contents, (planned, reports) =
        if statements > mostStatements then
            let first = (List.head loaded.Root.Parsed.Statements).Span
            found.Add(Diagnostic.tooManyStatements first mostStatements)
            Sections.nothing, ([], [])
        else
            let isSound () =
                not (Seq.exists Diagnostic.isError found)

            let contents = Gather.contents found.Add loaded.Root
            contents, Checker.check context loaded.Diagnostics.IsEmpty isSound contents

    let planned = List.toArray planned

    {
        Sources = loaded.Sources
        Diagnostics =
            // For a text full of errors, showing all of them would take minutes.
            (List.truncate mostDiagnostics loaded.Diagnostics) @ distinct found
            |> List.sortBy (fun d -> d.Span.Start, d.Span.End)
        Runs = planned |> Array.map _.Run
        Reasons = planned |> Array.map _.Weights.Reasons
        Report = List.toArray reports
        Profiles = contents.Profiles |> List.map (fun (name, _) -> name.Value)
    }

/// Analyses a text that was loaded with its imports. It returns for every text and never throws.
let analyseLoaded (options: Options) (loaded: Imports.Loaded) : Analysis =
    let others = Others()
    others[Imports.fullPath loaded.Root.Source.Path] <- None
    analyseWithin others options.Profile options loaded

/// Analyses a text. It returns for every text and never throws.
let analyse (options: Options) (source: Source) : Analysis =
    Imports.load options.Files source |> analyseLoaded options
