/// Which revision of a git repository a file is of.
module Freeze.Cli.Revision

open System
open System.Diagnostics
open System.IO

let private patience = TimeSpan.FromSeconds 5.0

/// What git prints, or nothing where there is no git, no repository or no answer.
let private git (folder: string) (arguments: string list) : string option =
    try
        let info = ProcessStartInfo("git", arguments)
        info.WorkingDirectory <- folder
        info.RedirectStandardOutput <- true
        info.RedirectStandardError <- true
        use started = Process.Start info
        let text = started.StandardOutput.ReadToEndAsync()

        if started.WaitForExit patience && started.ExitCode = 0 then
            Some(text.Result.Trim())
        else
            None
    with
    | :? ComponentModel.Win32Exception
    | :? InvalidOperationException -> None

/// The commit that is checked out where a file lies, and whether the file differs from it; "" where git knows neither.
let ofFile (path: string) : string =
    let folder = Path.GetDirectoryName(Path.GetFullPath path)
    let name = Path.GetFileName path

    match git folder [ "rev-parse"; "HEAD" ], git folder [ "status"; "--porcelain"; "--"; name ] with
    | Some commit, Some "" -> commit
    | Some commit, Some changed when changed.StartsWith "??" -> $"not in {commit}"
    | Some commit, Some _ -> $"{commit}, changed since"
    | _ -> ""
