/// The door of the language: all that can be said of a text.
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
        /// Settings and lets laid over the file and its profile, each written as `epochs=1`.
        Overrides: string list
        Files: Imports.Files
    }

type Analysis =
    {
        /// The file, then those that it imports; a span's offsets tell which it is in.
        Sources: Source list
        /// In the order of the text.
        Diagnostics: Diagnostic list
        Runs: Run[]
        /// For each run, for each of its weights, the rule that decides it.
        Reasons: Span option[][]
        Report: ReportItem[]
        Profiles: string list
    }

/// Stop after 100 errors.
let private mostDiagnostics = 100

/// A file is written by hand; some checks take time that grows with the square of its statements.
let private mostStatements = 5_000

/// Files on the disk, no profile. No data set is opened: named ones are taken for the published ones, and of folders the
/// digest is not known.
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
    // A place with a mistake of its own says no more that its value does not fit.
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

/// `epochs=1` is the statement `epochs 1`: its places stay those of what was written.
let private asStatement (text: string) =
    let found = Regex.Match(text, @"^\s*[A-Za-z][A-Za-z0-9_-]*\s*=(?!=)")

    if found.Success then
        text.Remove(found.Length - 1, 1).Insert(found.Length - 1, " ")
    else
        text

/// Texts that override a file lie behind its imports in the space of offsets.
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

/// The same profile where a file has one of that name; else the file as it is.
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

/// A batch of files that start from each other is written by hand; more of them are a mistake or an attack.
let private mostOthers = 100

/// The runs of other files by their full paths, or why there are none; nothing of those that are being looked at.
type private Others = System.Collections.Generic.Dictionary<string, Result<Run list, string> option>

/// `profile` is the one that was asked for of the first file.
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

    /// Looks up what a path leads to, once for all runs.
    let lookUp look notFound =
        let known = System.Collections.Generic.Dictionary<string, Result<'T, string>>()

        fun (written: Located<string>) ->
            if written.Value.Trim() = "" then
                Error(notFound written.Span "its name is empty")
            else
                let path =
                    Imports.resolve (Source.at loaded.Sources written.Span.Start) written.Value
                    // A plan can be run from another folder than this.
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
            // Of a text that is nothing but mistakes, more would take minutes to show.
            (List.truncate mostDiagnostics loaded.Diagnostics) @ distinct found
            |> List.sortBy (fun d -> d.Span.Start, d.Span.End)
        Runs = planned |> Array.map _.Run
        Reasons = planned |> Array.map _.Weights.Reasons
        Report = List.toArray reports
        Profiles = contents.Profiles |> List.map (fun (name, _) -> name.Value)
    }

/// All that can be said of a text that was read with its imports. It returns for every text, and never throws.
let analyseLoaded (options: Options) (loaded: Imports.Loaded) : Analysis =
    let others = Others()
    others[Imports.fullPath loaded.Root.Source.Path] <- None
    analyseWithin others options.Profile options loaded

/// All that can be said of a text. It returns for every text, and never throws.
let analyse (options: Options) (source: Source) : Analysis =
    Imports.load options.Files source |> analyseLoaded options
