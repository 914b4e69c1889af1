/// Loads a file and everything that it imports, each file once.
module Freeze.Language.Imports

open System.IO
open Freeze
open Freeze.Language.Syntax

/// How other files are read: an editor has some of them in memory, a test all.
type Files =
    {
        /// The source at a path; its Start does not matter.
        Read: string -> Result<Source, string>
        /// The content of a weights file.
        Weights: string -> Result<WeightFile, string>
        /// The digest of a named data set; "" if it is not known.
        Named: string -> string
        /// The content of a folder of images.
        Images: string -> Result<FolderContent, string>
    }

type File =
    {
        Source: Source
        Parsed: Parser.Parsed
        /// By the place of the import statement; a file that has been imported already is not imported again.
        Imports: Map<Span, File>
    }

/// What was read, and the errors.
type Loaded =
    {
        Root: File
        /// In the order of their offsets.
        Sources: Source list
        Diagnostics: Diagnostic list
    }

/// More files are a mistake or an attack.
let private mostFiles = 100

let private longest = 8 * Source.largest

/// A file and all that it imports.
let rec all (file: File) : File list =
    file :: (file.Imports |> Map.values |> Seq.collect all |> List.ofSeq)

/// The path that a file names, relative to the file that holds it.
let resolve (importer: Source) (path: string) =
    Path.Combine(Path.GetDirectoryName importer.Path |> Option.ofObj |> Option.defaultValue "", path)

/// The unique full path of a file, or the path as given if it is invalid.
let fullPath (path: string) =
    try
        Path.GetFullPath path
    with
    | :? System.ArgumentException
    | :? IOException
    | :? System.NotSupportedException -> path

/// Reads and parses a file and its imports.
let load (files: Files) (root: Source) : Loaded =
    let found = ResizeArray<Diagnostic>()
    let sources = ResizeArray<Source>()

    let place (source: Source) =
        let placed = Source.behind sources source
        sources.Add placed
        placed

    let rec read (ancestors: string list) (source: Source) : File =
        let parsed = Parser.parse source
        found.AddRange parsed.Diagnostics

        let imports =
            parsed.Statements
            |> List.choose (fun statement ->
                match statement.Value with
                | StatementItem.Import path ->
                    follow ancestors source path |> Option.map (fun file -> statement.Span, file)
                | _ -> None)
            |> Map.ofList

        {
            Source = source
            Parsed = parsed
            Imports = imports
        }

    and follow ancestors importer path =
        let target = resolve importer path.Value
        let key = fullPath target

        let fail reason =
            found.Add(Diagnostic.cannotImport path.Span path.Value reason)
            None

        if path.Value.Trim() = "" then
            fail "there is no file without a name"
        elif Path.IsPathRooted path.Value || path.Value.Contains "://" then
            fail "a path is relative to the file that names it"
        elif List.contains key ancestors then
            fail "it imports this file, directly or through others"
        elif sources |> Seq.exists (fun source -> fullPath source.Path = key) then
            None
        elif sources.Count >= mostFiles then
            fail $"more than %d{mostFiles} files"
        else
            match files.Read target with
            | Error reason -> fail reason
            | Ok source when (sources |> Seq.sumBy _.Text.Length) + source.Text.Length > longest ->
                fail "too much text in all"
            | Ok source -> Some(read (key :: ancestors) (place { source with Path = target }))

    let root = read [ fullPath root.Path ] (place root)

    {
        Root = root
        Sources = List.ofSeq sources
        Diagnostics = List.ofSeq found
    }
