/// Runs the server on two streams: one thread reads, one answers.
[<RequireQualifiedAccess>]
module Freeze.LanguageServer.Session

open System
open System.Collections.Concurrent
open System.Diagnostics
open System.IO
open System.Text.Json
open System.Threading
open Freeze.LanguageServer.JsonRpc
open Freeze.LanguageServer.Server

/// Diagnostics wait until the user pauses, so that fast typing is analysed once.
let private pause = TimeSpan.FromMilliseconds 150.0

/// A client that floods the server is read only as fast as it is answered.
let private mostQueued = 10_000

/// The request that a message asks to cancel.
let private cancelled (message: Message) : string option =
    match message with
    | Message.Notification("$/cancelRequest", parameters) ->
        Protocol.tryGet "id" parameters |> Option.map _.GetRawText()
    | _ -> None

let private reader
    (input: Stream)
    (queue: BlockingCollection<Message>)
    (cancellations: ConcurrentDictionary<string, unit>)
    ()
    =
    let mutable more = true

    while more do
        let message =
            try
                read input
            with :? IOException ->
                Message.End

        match cancelled message with
        // A cancellation only helps while the request is waiting, so it skips the queue.
        | Some id -> cancellations[id] <- ()
        | None -> queue.Add message

        more <-
            match message with
            | Message.End
            | Message.Lost _ -> false
            | _ -> true

/// Answers messages until the client sends `exit` or closes the stream; returns the exit code.
let run (version: string) (input: Stream) (output: Stream) : int =
    use input = new BufferedStream(input, 65536)
    use queue = new BlockingCollection<Message>(mostQueued)
    let cancellations = ConcurrentDictionary<string, unit>()

    Thread(reader input queue cancellations, IsBackground = true).Start()

    /// A request that was cancelled while it waited gets an error response, without being processed.
    let answer state message =
        match message with
        | Message.Request(id, _, _) when fst (cancellations.TryRemove id) ->
            state, [ error (Some id) ErrorCode.requestCancelled "cancelled" ]
        | _ -> handle state message

    let take (wait: TimeSpan) =
        let mutable message = Message.End
        let taken = queue.TryTake(&message, wait)
        taken, message

    let rec loop (state: State) (changed: Stopwatch) : int =
        let wait =
            if state.IsDirty then
                max TimeSpan.Zero (pause - changed.Elapsed)
            else
                Timeout.InfiniteTimeSpan

        let next, messages =
            match take wait with
            | true, message -> answer state message
            | false, _ -> publish state

        for message in messages do
            write output message

        if queue.Count = 0 && cancellations.Count > mostQueued then
            // Requests that were answered before their cancellation arrived.
            cancellations.Clear()

        let edited = not (obj.ReferenceEquals(next.Workspace, state.Workspace))

        match next.Phase with
        | Phase.Ended code -> code
        | _ -> loop next (if edited then Stopwatch.StartNew() else changed)

    try
        loop (Server.start version) (Stopwatch.StartNew())
    with :? IOException ->
        // The client is gone.
        1
