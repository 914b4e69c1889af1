/// Other programs of this machine.
module Freeze.Cli.Programs

open System
open System.ComponentModel
open System.Diagnostics
open System.IO
open System.Text

/// The path of a program, as a shell would find it.
let find (name: string) : string option =
    match Environment.GetEnvironmentVariable "PATH" with
    | null -> None
    | path ->
        path.Split Path.PathSeparator
        |> Seq.filter (fun folder -> folder <> "")
        |> Seq.map (fun folder -> Path.Combine(folder, name))
        |> Seq.tryFind File.Exists

/// Why a program gave no output.
[<RequireQualifiedAccess>]
type Problem =
    | NotInstalled
    /// It failed or ran out of time; `errors` is its standard error.
    | Failed of errors: string

/// The standard output of a program started in a folder, if it succeeds in time.
let run (limit: TimeSpan) (folder: string) (name: string) (arguments: string list) : Result<byte[], Problem> =
    let start =
        ProcessStartInfo(
            name,
            arguments,
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true
        )

    try
        use started = Process.Start start
        use content = new MemoryStream()
        let output = started.StandardOutput.BaseStream.CopyToAsync content
        let errors = started.StandardError.ReadToEndAsync()

        if not (started.WaitForExit limit) then
            started.Kill true

        started.WaitForExit()
        output.Wait()

        if started.ExitCode = 0 then
            Ok(content.ToArray())
        else
            Error(Problem.Failed(errors.Result.Trim()))
    with :? Win32Exception ->
        Error Problem.NotInstalled

/// As `run`, decoded as text.
let text
    (limit: TimeSpan)
    (folder: string)
    (name: string)
    (arguments: string list)
    : Result<string, Problem> =
    run limit folder name arguments
    |> Result.map (fun bytes -> Encoding.UTF8.GetString(bytes).Trim())
