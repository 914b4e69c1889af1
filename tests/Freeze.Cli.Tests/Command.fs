/// The program: in this process, which takes no start of another, or as users start it.
module Freeze.Cli.Tests.Command

open System
open System.Collections
open System.Diagnostics
open System.IO
open System.Runtime.InteropServices
open System.Text.Json
open System.Threading
open Freeze.Cli
open Freeze.Tests

type Output =
    {
        Code: int
        Text: string
        Errors: string
    }

let root = Repository.root

/// What all tests write: it goes when their process ends.
let private folders =
    let all = Directory.CreateTempSubdirectory "freeze-cli-tests-"

    AppDomain.CurrentDomain.ProcessExit.Add(fun _ ->
        try
            Environment.CurrentDirectory <- root
            all.Delete(recursive = true)
        with
        | :? IOException
        | :? UnauthorizedAccessException as error -> eprintfn $"{all} is left behind: {error.Message}")

    all.FullName

/// A command that runs in here would keep these from ending the tests.
let private ends =
    [
        for signal in [ PosixSignal.SIGINT; PosixSignal.SIGTERM ] ->
            PosixSignalRegistration.Create(signal, (fun _ -> exit 1))
    ]

/// A folder of the test's own.
let folder () =
    let path = Path.Combine(folders, Guid.NewGuid().ToString "N")
    Directory.CreateDirectory(path).FullName

/// A Freeze file in a folder of its own.
let file (text: string) =
    let path = Path.Combine(folder (), "test.frz")
    File.WriteAllText(path, text)
    path

/// A run of a fraction of a second, but for the start of a process.
let quick =
    "data mnist-sample; images 640; test 100 images; batch 64; epochs 1; optimizer sgd(lr 0.02)\n"

/// The same, judged by all test images.
let wholeTest = quick.Replace("test 100 images; ", "")

/// One thread trains these small nets as soon as two do, and leaves a core to the tests beside.
let private onOneThread (arguments: string list) =
    match arguments with
    | "run" :: rest when not (List.contains "--threads" rest) -> [ "run"; "--threads"; "1" ] @ rest
    | _ -> arguments

/// Demands that a command was refused, and what it said.
let refused (reason: string) (output: Output) =
    Expectations.equal 2 output.Code
    Expectations.contains reason output.Errors

let json (output: Output) =
    JsonDocument.Parse(output.Text).RootElement

/// What a command lists with --json: the array of its object, and of a plan the runs.
let items (output: Output) =
    let root = json output

    if root.ValueKind = JsonValueKind.Array then
        root
    else
        Expecto.Expect.equal (root.GetProperty("schema").GetInt32()) 1 "Another format"

        root.EnumerateObject()
        |> Seq.map _.Value
        |> Seq.find (fun value -> value.ValueKind = JsonValueKind.Array)

// In a process of its own: for signals, kills, terminals, start-up, and what changes a process for good.

/// As this process was started: a command that runs in here may have changed it for a while.
let private environment =
    Environment.GetEnvironmentVariables()
    |> Seq.cast<DictionaryEntry>
    |> Seq.map (fun entry -> string entry.Key, string entry.Value)
    |> List.ofSeq

let program = Repository.program.Value

let private limit = TimeSpan.FromMinutes 3.0

let startIn (folder: string) (variables: (string * string) list) (arguments: string list) : Process =
    let info = ProcessStartInfo("dotnet", program :: onOneThread arguments)

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

/// Terminals are those of `script`.
let needsTerminal () =
    if not (OperatingSystem.IsLinux()) || not (File.Exists "/usr/bin/script") then
        Expecto.Tests.skiptest "there is no script (Debian's bsdutils): NO TERMINAL HAS SHOWN ANYTHING"

/// The program as users start it.
let freezeProcessWith variables arguments =
    finish (startIn root variables arguments)

let freezeProcess arguments = freezeProcessWith [] arguments

// In this process: for everything else.

/// A standard stream while a command runs: keeps what the command writes; all else goes where it always went.
type private Kept(usual: TextWriter) =
    inherit TextWriter()
    let text = new StringWriter()
    let isOfCommand = AsyncLocal<bool>()

    let target () : TextWriter =
        if isOfCommand.Value then text else usual

    override _.Encoding = usual.Encoding
    override _.Write(letter: char) = (target ()).Write letter
    override _.Write(text: string) = (target ()).Write text
    override _.Flush() = (target ()).Flush()

    /// What is written from here on, by this thread and those that it starts, is the command's.
    member _.Begin() = isOfCommand.Value <- true
    member _.Text = text.ToString()

/// Does something, and gives what it writes to a standard stream too.
let private keeping (usual: TextWriter) (set: TextWriter -> unit) (work: unit -> 'T) : 'T * string =
    let stream = new Kept(usual)
    stream.Begin()
    set stream

    try
        let given = work ()
        given, stream.Text
    finally
        set usual

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
    // A terminal would be drawn on.
    if not (Console.IsOutputRedirected && Console.IsErrorRedirected) then
        finish (startIn folder variables arguments)
    else
        let run () =
            within folder variables (fun () -> Program.run (Array.ofList (onOneThread arguments)))

        lock turn (fun () ->
            let (code, text), errors =
                keeping Console.Error Console.SetError (fun () -> keeping Console.Out Console.SetOut run)

            {
                Code = code
                Text = text
                Errors = errors
            })

let freezeIn folder arguments = freezeAt folder [] arguments
let freezeWith variables arguments = freezeAt root variables arguments
let freeze arguments = freezeWith [] arguments
