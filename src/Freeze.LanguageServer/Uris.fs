/// Converts URIs of documents to file paths, and back.
[<RequireQualifiedAccess>]
module Freeze.LanguageServer.Uris

open System
open Freeze.Language

/// The path of a file on this machine; None for other schemes, other machines and invalid paths.
let toPath (uri: string) : string option =
    match Uri.TryCreate(uri, UriKind.Absolute) with
    | true, file when
        file.IsFile
        && (file.Host = "" || file.Host = "localhost")
        && file.AbsolutePath <> "/"
        ->
        let path = Uri.UnescapeDataString file.AbsolutePath

        // `/c:/folder/file` has its drive after the slash.
        let path =
            if OperatingSystem.IsWindows() then
                path.TrimStart '/'
            else
                path

        if path.Contains '\000' then
            None
        else
            Some(Imports.fullPath path)
    | _ -> None

/// The URI of a file.
let ofPath (path: string) : string = Uri(path).AbsoluteUri
