/// Which revision of a git repository a file is of.
module Freeze.Cli.Revision

open System
open System.IO

/// The commit that is checked out where a file lies, and whether the file differs from it; "" where git knows neither.
let ofFile (path: string) : string =
    let folder = Path.GetDirectoryName(Path.GetFullPath path)
    let name = Path.GetFileName path
    let git = Programs.text (TimeSpan.FromSeconds 5.0) folder "git"

    match git [ "rev-parse"; "HEAD" ], git [ "status"; "--porcelain"; "--"; name ] with
    | Ok commit, Ok "" -> commit
    | Ok commit, Ok changed when changed.StartsWith "??" -> $"not in {commit}"
    | Ok commit, Ok _ -> $"{commit}, changed since"
    | _ -> ""
