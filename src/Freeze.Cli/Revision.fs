/// The git revision of a file.
module Freeze.Cli.Revision

open System
open System.IO

/// The commit checked out at a file's folder, and whether the file differs from it; "" if git knows neither.
let ofFile (path: string) : string =
    let folder = Path.GetDirectoryName(Path.GetFullPath path)
    let name = Path.GetFileName path
    let git = Programs.text (TimeSpan.FromSeconds 5.0) folder "git"

    match git [ "rev-parse"; "HEAD" ], git [ "status"; "--porcelain"; "--"; name ] with
    | Ok commit, Ok "" -> commit
    | Ok commit, Ok changed when changed.StartsWith "??" -> $"not in {commit}"
    | Ok commit, Ok _ -> $"{commit}, changed since"
    | _ -> ""
