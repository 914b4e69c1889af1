/// Where tests find the sources, and the program.
module Freeze.Tests.Repository

open System
open System.Diagnostics
open System.IO

/// The repository's root: the folder above the tests that holds the solution.
let root =
    let rec up (folder: DirectoryInfo) =
        match folder with
        | null -> failwith "no folder above the tests holds Freeze.sln"
        | folder when File.Exists(Path.Combine(folder.FullName, "Freeze.sln")) -> folder.FullName
        | folder -> up folder.Parent

    up (DirectoryInfo AppContext.BaseDirectory)

/// The program as it is published, which starts sooner, unless a source is newer.
let program =
    lazy
        (use isBuilt = Process.Start(Path.Combine(root, "scripts", "is-built"))
         isBuilt.WaitForExit()

         if isBuilt.ExitCode = 0 then
             Path.Combine(root, "artifacts", "publish", "freeze.dll")
         else
             Path.Combine(AppContext.BaseDirectory, "freeze.dll"))
