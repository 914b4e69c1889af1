/// Other programs of this machine.
module Freeze.Cli.Programs

open System
open System.ComponentModel
open System.Diagnostics
open System.IO

/// Where a program lies, as a shell would find it.
let find (name: string) : string option =
    match Environment.GetEnvironmentVariable "PATH" with
    | null -> None
    | path ->
        path.Split Path.PathSeparator
        |> Seq.filter (fun folder -> folder <> "")
        |> Seq.map (fun folder -> Path.Combine(folder, name))
        |> Seq.tryFind File.Exists

/// What a program prints within some seconds, if it ends well.
let output (seconds: float) (name: string) (arguments: string list) : string option =
    try
        let start =
            ProcessStartInfo(name, arguments, RedirectStandardOutput = true, RedirectStandardError = true)

        use started = Process.Start start
        let text = started.StandardOutput.ReadToEndAsync()

        if started.WaitForExit(TimeSpan.FromSeconds seconds) && started.ExitCode = 0 then
            Some(text.Result.Trim())
        else
            started.Kill true
            None
    with
    | :? Win32Exception
    | :? InvalidOperationException -> None
