/// Signals that end a batch with nothing lost.
module Freeze.Cli.Signals

open System
open System.Runtime.InteropServices
open System.Threading

/// Where a file may grow no larger, a write is to fail with a message, and the process is not to be killed: SIGXFSZ.
let private fileTooLarge = enum<PosixSignal> 25

/// Calls `work` with what Ctrl-C and SIGTERM cancel; a second one ends the process at once.
let cancelling (work: CancellationToken -> 'T) : 'T =
    use source = new CancellationTokenSource()

    let stop (context: PosixSignalContext) =
        if not source.IsCancellationRequested then
            context.Cancel <- true
            eprintfn "stopping after this step…"
            source.Cancel()

    use _ = PosixSignalRegistration.Create(PosixSignal.SIGINT, stop)
    use _ = PosixSignalRegistration.Create(PosixSignal.SIGTERM, stop)

    let ignore' (context: PosixSignalContext) = context.Cancel <- true

    use _ =
        if OperatingSystem.IsWindows() then
            null
        else
            PosixSignalRegistration.Create(fileTooLarge, ignore')

    work source.Token

/// Calls `work`, which changes nothing, with what Ctrl-C and SIGTERM cancel.
let stoppable (work: CancellationToken -> 'T) : 'T =
    use source = new CancellationTokenSource()

    let stop (context: PosixSignalContext) =
        context.Cancel <- true
        source.Cancel()

    use _ = PosixSignalRegistration.Create(PosixSignal.SIGINT, stop)
    use _ = PosixSignalRegistration.Create(PosixSignal.SIGTERM, stop)
    work source.Token

/// As `cancelling`, for a worker: Ctrl-C reaches it too, and its parent decides; SIGTERM and the parent's end cancel.
let cancellingWorker (work: CancellationToken -> 'T) : 'T =
    use source = new CancellationTokenSource()

    let stop (context: PosixSignalContext) =
        context.Cancel <- true
        source.Cancel()

    let ignore' (context: PosixSignalContext) = context.Cancel <- true
    use _ = PosixSignalRegistration.Create(PosixSignal.SIGINT, ignore')
    use _ = PosixSignalRegistration.Create(PosixSignal.SIGTERM, stop)
    use _ = PosixSignalRegistration.Create(fileTooLarge, ignore')

    // The parent never writes: what comes is the end of the pipe.
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
