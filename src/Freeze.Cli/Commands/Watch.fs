/// freeze watch: a batch as it goes on, seen from its records: in another window, or on another machine.
module Freeze.Cli.Commands.Watch

open System
open System.Threading
open Argu
open Spectre.Console
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Cli.Watching
open Freeze.Records

let private pace = TimeSpan.FromSeconds 1.0

/// More changes within a second than this are told by the totals alone.
let private mostLines = 200

/// Whether a display can be drawn anew where it stands.
let private isTerminal () =
    not Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Ansi

/// Looks until nothing more is to come, or the user has seen enough.
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
    let console = AnsiConsole.Console

    console
        .Live(Text "")
        .Overflow(VerticalOverflow.Crop)
        .Start(fun context ->
            let room () = WatchView.room console.Profile.Height
            follow follower room (WatchView.render >> context.UpdateTarget) cancel)

let private inLines (follower: Follower) (cancel: CancellationToken) =
    let mutable before = None

    let show (board: Board) =
        WatchView.changes before board |> List.iter (printfn "%s")
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
        let show = if isTerminal () then onTerminal else inLines
        let last = Signals.stoppable (show (Follower(store, batch)))

        if last.Entries.Length = 0 then
            printfn "The store %s holds no run." store.Folder

        Exit.ofSuccess (last.IsOver && not (last.Entries |> Array.exists _.State.IsFailed))
