/// URIs of documents to paths of files, and back.
[<RequireQualifiedAccess>]
module Freeze.LanguageServer.Uris

open System
open System.IO

let private scheme = "file://"

/// The path of a file on this machine; nothing for other schemes, other machines and what is no path.
let toPath (uri: string) : string option =
    if not (uri.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)) then
        None
    else
        let rest = uri.Substring scheme.Length
        let slash = rest.IndexOf '/'
        let host = if slash < 0 then rest else rest.Substring(0, slash)

        if
            slash < 0
            || (host <> "" && not (host.Equals("localhost", StringComparison.OrdinalIgnoreCase)))
        then
            None
        else
            let path = Uri.UnescapeDataString(rest.Substring slash)
            // `/c:/folder/file` has its drive behind the slash.
            let path =
                if OperatingSystem.IsWindows() && path.Length > 2 && path[2] = ':' then
                    path.Substring 1
                else
                    path

            try
                if path.Contains '\000' then
                    None
                else
                    Some(Path.GetFullPath path)
            with
            | :? ArgumentException
            | :? IOException
            | :? NotSupportedException -> None

/// The URI of a file.
let ofPath (path: string) : string =
    let segments =
        path.Replace('\\', '/').TrimStart('/').Split '/'
        |> Array.map Uri.EscapeDataString

    scheme + "/" + String.Join('/', segments)
