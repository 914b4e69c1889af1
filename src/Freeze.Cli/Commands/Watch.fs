/// freeze watch: follows a batch through its records, from another window or another machine.
module Freeze.Cli.Commands.Watch

open System
open System.Threading
open Argu
open Freeze.Cli
open Freeze.Cli.Terminal
open Freeze.Cli.Arguments
open Freeze.Cli.Watching
open Freeze.Records

let private pace = TimeSpan.FromSeconds 1.0

/// If more runs change at once, only the totals are printed.
let private mostLines = 200

/// Follows the batch until it is over or the user stops.
let private follow
    (follower: Follower)
    (room: unit -> int)
    (show: Board -> unit)
    (cancel: CancellationToken)
    : Board =
    let rec go () =
        let board = follower.Look(room ())
        show board

        if board.IsOver || cancel.WaitHandle.WaitOne pace then
            board
        else
            go ()

    go ()

let private onTerminal (follower: Follower) (cancel: CancellationToken) =
    use live = new Live()
    // The last column stays empty.
    let width () =
        (width () |> Option.defaultValue 80) - 1

    let room () = WatchView.room (height ())
    follow follower room (fun board -> WatchView.lines (width ()) (hasColour ()) board |> live.Show) cancel

let private inLines (follower: Follower) (cancel: CancellationToken) =
    let mutable before = None

    let show (board: Board) =
        WatchView.changes before board |> List.iter (say "%s")
        before <- Some board

    follow follower (fun () -> mostLines) show cancel

let run (arguments: ParseResults<WatchArguments>) : int =
    let store = RunStore(Places.store (arguments.TryGetResult WatchArguments.Store))

    let chosen =
        match arguments.TryGetResult WatchArguments.Files with
        | None -> Some None
        | Some paths ->
            Files.choose
                (KnownData.recorded (Places.catalog None) store.Folder)
                (arguments.TryGetResult WatchArguments.Profile)
                (arguments.GetResults WatchArguments.Setting)
                (arguments.GetResults WatchArguments.Only)
                paths
            |> Option.map (Files.withBases >> Some)

    match chosen with
    | None -> Exit.wrongInput
    | Some batch ->
        let show = if isDrawable () then onTerminal else inLines
        let last = Signals.stoppable (show (Follower(store, batch)))

        if last.Entries.Length = 0 then
            say "The store %s holds no run." store.Folder

        Exit.ofSuccess (last.IsOver && not (last.Entries |> Array.exists _.State.IsFailed))
