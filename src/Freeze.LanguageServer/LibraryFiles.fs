/// The built-in nets as files that an editor can show: written to the user's cache on first use.
[<RequireQualifiedAccess>]
module Freeze.LanguageServer.LibraryFiles

open System
open System.IO
open Freeze.Language
open Freeze.LanguageServer.Protocol

let private folder =
    lazy
        (let cache =
            match Environment.GetEnvironmentVariable "XDG_CACHE_HOME" with
            | null
            | "" -> Path.Combine(Environment.GetFolderPath Environment.SpecialFolder.UserProfile, ".cache")
            | cache -> cache

         Imports.fullPath (Path.Combine(cache, "freeze", "library")))

/// Whether a path is in that cache: these files are not edited, so they get no diagnostics.
let holds (path: string) : bool =
    path.StartsWith(folder.Value + string Path.DirectorySeparatorChar, StringComparison.Ordinal)

/// The file of a built-in net in this version.
let private pathOf (entry: NetLibrary.Entry) : string =
    let path = Path.Combine(folder.Value, entry.Source.Path)

    if not (File.Exists path) || File.ReadAllText path <> entry.Source.Text then
        Directory.CreateDirectory folder.Value |> ignore
        // Another server may be reading it, so the file is replaced as a whole.
        let part = $"{path}.{Guid.NewGuid():N}"
        File.WriteAllText(part, entry.Source.Text)
        File.Move(part, path, overwrite = true)

    path

/// The location of a span of a built-in net; None if the cache is not writable.
let locationOf (entry: NetLibrary.Entry) (span: Span) : Location option =
    try
        let lines = LineIndex.ofText entry.Source.Text

        Some
            {
                Uri = Uris.ofPath (pathOf entry)
                Range = Positions.range lines entry.Source.Start span
            }
    with
    | :? IOException
    | :? UnauthorizedAccessException -> None
