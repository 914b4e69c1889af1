/// The real program, started as users start it.
module Freeze.Cli.Tests.Command

open System
open System.Diagnostics
open System.IO
open System.Text.Json
open Xunit

type Output =
    {
        Code: int
        Text: string
        Errors: string
    }

/// The repository's root: the folder above the tests that holds the solution.
let root =
    let rec up (folder: DirectoryInfo) =
        match folder with
        | null -> failwith "no folder above the tests holds Freeze.sln"
        | folder when File.Exists(Path.Combine(folder.FullName, "Freeze.sln")) -> folder.FullName
        | folder -> up folder.Parent

    up (DirectoryInfo AppContext.BaseDirectory)

/// A folder of the test's own.
let folder () =
    Directory.CreateTempSubdirectory("freeze-test-").FullName

/// A Freeze file in a folder of its own.
let file (text: string) =
    let path = Path.Combine(folder (), "test.frz")
    File.WriteAllText(path, text)
    path

/// A run of a second or two: 640 images of the sample.
let quick =
    "data mnist-sample; images 640; batch 64; epochs 1; optimizer sgd(lr 0.02)\n"

let private limit = TimeSpan.FromMinutes 3.0

let startIn (folder: string) (environment: (string * string) list) (arguments: string list) : Process =
    let info =
        ProcessStartInfo("dotnet", Path.Combine(AppContext.BaseDirectory, "freeze.dll") :: arguments)

    info.RedirectStandardOutput <- true
    info.RedirectStandardError <- true
    info.RedirectStandardInput <- true
    info.WorkingDirectory <- folder

    for name, value in environment do
        info.Environment[name] <- value

    let started = Process.Start info
    started.StandardInput.Close()
    started

let start = startIn root

let finish (started: Process) : Output =
    use started = started

    let text, errors =
        started.StandardOutput.ReadToEndAsync(), started.StandardError.ReadToEndAsync()

    if not (started.WaitForExit limit) then
        started.Kill true
        failwith $"freeze did not end within {limit}"

    {
        Code = started.ExitCode
        Text = text.Result
        Errors = errors.Result
    }

let freezeIn folder arguments = finish (startIn folder [] arguments)

let freezeWith environment arguments = finish (start environment arguments)
let freeze arguments = freezeWith [] arguments

/// The program as it is where libtorch is missing.
let freezeWithoutLibtorch (arguments: string list) : Output =
    freezeWith [ "FREEZE_LIBTORCH", folder () ] arguments

let json (output: Output) =
    JsonDocument.Parse(output.Text).RootElement
