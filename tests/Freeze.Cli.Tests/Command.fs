/// The program: in this process, which takes no start of another, or as users start it.
module Freeze.Cli.Tests.Command

open System
open System.Collections
open System.Diagnostics
open System.IO
open System.Text.Json
open System.Threading
open Freeze.Cli

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

/// What all tests write: it goes when their process ends.
let private folders =
    let all = Directory.CreateTempSubdirectory "freeze-tests-"

    AppDomain.CurrentDomain.ProcessExit.Add(fun _ ->
        try
            Environment.CurrentDirectory <- root
            all.Delete(recursive = true)
        with
        | :? IOException
        | :? UnauthorizedAccessException as error -> eprintfn $"{all} is left behind: {error.Message}")

    all.FullName

/// A folder of the test's own.
let folder () =
    let path = Path.Combine(folders, Guid.NewGuid().ToString "N")
    Directory.CreateDirectory(path).FullName

/// A Freeze file in a folder of its own.
let file (text: string) =
    let path = Path.Combine(folder (), "test.frz")
    File.WriteAllText(path, text)
    path

/// A run of a second or two: 640 images of the sample.
let quick =
    "data mnist-sample; images 640; batch 64; epochs 1; optimizer sgd(lr 0.02)\n"

let json (output: Output) =
    JsonDocument.Parse(output.Text).RootElement

// In a process of its own: for signals, kills, terminals, start-up, and what changes a process for good.

/// As this process was started: a command that runs in here may have changed it for a while.
let private environment =
    Environment.GetEnvironmentVariables()
    |> Seq.cast<DictionaryEntry>
    |> Seq.map (fun entry -> string entry.Key, string entry.Value)
    |> List.ofSeq

let private limit = TimeSpan.FromMinutes 3.0

let startIn (folder: string) (variables: (string * string) list) (arguments: string list) : Process =
    let info =
        ProcessStartInfo("dotnet", Path.Combine(AppContext.BaseDirectory, "freeze.dll") :: arguments)

    info.RedirectStandardOutput <- true
    info.RedirectStandardError <- true
    info.RedirectStandardInput <- true
    info.WorkingDirectory <- folder
    info.Environment.Clear()

    for name, value in environment @ variables do
        info.Environment[name] <- value

    let started = Process.Start info
    started.StandardInput.Close()
    started

let start = startIn root []

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

/// The program as users start it.
let freezeProcessWith variables arguments =
    finish (startIn root variables arguments)

let freezeProcess arguments = freezeProcessWith [] arguments

// In this process: for everything else.

/// A standard stream: what a command writes goes to its test, all else where it always went.
type private Routed(usual: TextWriter) =
    inherit TextWriter()
    let chosen = AsyncLocal<TextWriter>()

    let current () =
        match chosen.Value with
        | null -> usual
        | writer -> writer

    override _.Encoding = usual.Encoding
    override _.Write(letter: char) = (current ()).Write letter
    override _.Write(text: string) = (current ()).Write text
    override _.Flush() = (current ()).Flush()

    /// What the work writes, and what it gives.
    member _.During(work: unit -> 'T) : 'T * string =
        use writer = new StringWriter()
        chosen.Value <- writer

        try
            let given = work ()
            given, writer.ToString()
        finally
            chosen.Value <- null

let private routed (usual: TextWriter) (set: TextWriter -> unit) : Routed =
    let stream = new Routed(usual)
    set stream
    stream

let private output = routed Console.Out Console.SetOut
let private errors = routed Console.Error Console.SetError

/// Does something where a process has a folder and variables, and puts those back that there were.
let private within (folder: string) (variables: (string * string) list) (work: unit -> 'T) : 'T =
    let here = Environment.CurrentDirectory

    let set (variables: (string * string) list) =
        for name, value in variables do
            Environment.SetEnvironmentVariable(name, value)

    let before =
        variables
        |> List.map (fun (name, _) -> name, Environment.GetEnvironmentVariable name)

    try
        Environment.CurrentDirectory <- folder
        set variables
        work ()
    finally
        set before
        Environment.CurrentDirectory <- here

/// A command has the process to itself: its folder, its variables, libtorch's threads.
let private turn = obj ()

let freezeAt (folder: string) (variables: (string * string) list) (arguments: string list) : Output =
    // A terminal would be drawn on, and asked.
    if
        not (
            Console.IsOutputRedirected
            && Console.IsErrorRedirected
            && Console.IsInputRedirected
        )
    then
        finish (startIn folder variables arguments)
    else
        let run () =
            within folder variables (fun () -> Program.run (Array.ofList arguments))

        lock turn (fun () ->
            let (code, text), errors = errors.During(fun () -> output.During run)

            {
                Code = code
                Text = text
                Errors = errors
            })

let freezeIn folder arguments = freezeAt folder [] arguments
let freezeWith variables arguments = freezeAt root variables arguments
let freeze arguments = freezeWith [] arguments
