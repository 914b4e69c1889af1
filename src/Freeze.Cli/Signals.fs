/// Handles signals that end a batch, so that nothing is lost.
module Freeze.Cli.Signals

open System
open System.Runtime.InteropServices
open System.Threading

/// When a file exceeds a size limit, the write must fail with a message instead of killing the process: SIGXFSZ.
let private fileTooLarge = enum<PosixSignal> 25

let private on (signal: PosixSignal) (handle: PosixSignalContext -> unit) : IDisposable =
    PosixSignalRegistration.Create(signal, handle)

let private ignored (context: PosixSignalContext) = context.Cancel <- true

let private cancels (source: CancellationTokenSource) (context: PosixSignalContext) =
    context.Cancel <- true
    source.Cancel()

/// Calls `work` with a token that Ctrl-C and SIGTERM cancel; a second signal ends the process at once.
let cancelling (work: CancellationToken -> 'T) : 'T =
    use source = new CancellationTokenSource()

    let stop (context: PosixSignalContext) =
        if not source.IsCancellationRequested then
            // Starts a new line after the terminal's own `^C` and what is drawn.
            let start = if Console.IsErrorRedirected then "" else "\n"
            eprintfn "%sstopping after this step…" start
            cancels source context

    use _ = on PosixSignal.SIGINT stop
    use _ = on PosixSignal.SIGTERM stop

    use _ =
        if OperatingSystem.IsWindows() then
            null
        else
            on fileTooLarge ignored

    work source.Token

/// Calls `work`, which changes nothing, with a token that Ctrl-C and SIGTERM cancel.
let stoppable (work: CancellationToken -> 'T) : 'T =
    use source = new CancellationTokenSource()
    use _ = on PosixSignal.SIGINT (cancels source)
    use _ = on PosixSignal.SIGTERM (cancels source)
    work source.Token

/// As `cancelling`, for a worker: Ctrl-C is left to its parent; SIGTERM and the parent's end cancel.
let cancellingWorker (work: CancellationToken -> 'T) : 'T =
    use source = new CancellationTokenSource()
    use _ = on PosixSignal.SIGINT ignored
    use _ = on PosixSignal.SIGTERM (cancels source)
    use _ = on fileTooLarge ignored

    // The parent never writes, so a read only returns at the end of the pipe.
    let watch () =
        Console.In.ReadToEnd() |> ignore

        try
            source.Cancel()
        with :? ObjectDisposedException ->
            ()

    Thread(watch, IsBackground = true).Start()
    work source.Token

[<DllImport("libc", EntryPoint = "kill")>]
extern int private kill(int processId, int signal)

/// Asks a process to end: SIGTERM.
let terminate (processId: int) = kill (processId, 15) |> ignore
