/// Shows the progress of runs: lines that are redrawn on a terminal, one line per epoch elsewhere.
module Freeze.Cli.ProgressView

open System
open System.Diagnostics
open Freeze
open Freeze.Cli.Tables
open Freeze.Cli.Terminal

/// Shows a run during training: calls the given function with a callback for progress.
type View = Run -> ((Progress -> unit) -> RunOutcome) -> RunOutcome

/// What a progress display needs to know about a run.
type Subject =
    {
        Name: string
        /// The set that its epochs are evaluated on: "validation" or "test".
        HeldOut: string
    }

let subjectOf (run: Run) : Subject =
    {
        Name = line run.Name
        HeldOut = heldOut run.Recipe
    }

/// The line for a finished epoch; if it is too long, speed and losses are dropped first.
let private epochLine
    (width: int option)
    (run: Subject)
    (record: EpochRecord)
    (epochs: int)
    (time: EpochTime)
    =
    fit
        width
        [
            0, run.Name
            0, $"epoch {record.Epoch}/{epochs}"
            3, $"loss {record.TrainingLoss:F4}"
            2, $"accuracy {percent record.TrainingAccuracy}"
            1, $"{run.HeldOut} {percent record.ValidationAccuracy}"
            4, $"{time.ImagesPerSecond:N0} images/s"
        ]

/// "━━━━────────  33%"
let private bar (part: float) =
    let width = 12
    // A run in stages has more epochs than one of its stages.
    let part = Math.Clamp(part, 0.0, 1.0)
    let full = int (Math.Round(float width * part))

    String.replicate full "━"
    + String.replicate (width - full) "─"
    + $"{100.0 * part, 4:F0}%%"

/// A run in progress: its position, and the time left, estimated from the progress since it was first seen.
type private Underway(run: Subject) =
    let watch = Stopwatch.StartNew()
    let mutable first = None

    let left (part: float) =
        match first with
        | Some first when part > first && watch.Elapsed.TotalSeconds > 2.0 ->
            let seconds = watch.Elapsed.TotalSeconds * (1.0 - part) / (part - first)
            $"{duration seconds} left"
        | _ -> ""

    member val Line: (int option -> string) = (fun width -> fit width [ 0, run.Name; 0, "…" ]) with get, set

    member this.Take(progress: Progress) =
        let show epoch (epochs: int) (part: float) loss accuracy (speed: float) =
            if first.IsNone then
                first <- Some part

            this.Line <-
                fun width ->
                    fit
                        width
                        [
                            0, run.Name
                            0, $"epoch {epoch}/{epochs}"
                            1, bar part
                            5, $"loss {loss:F4}"
                            3, percent accuracy
                            4, $"{speed:N0} images/s"
                            2, left part
                        ]

        match progress with
        | Progress.Note _ -> ()
        | Progress.Step(epoch, epochs, step, steps, loss, accuracy, speed) ->
            show
                epoch
                epochs
                ((float (epoch - 1) + float step / float (max 1 steps)) / float epochs)
                loss
                accuracy
                speed
        | Progress.Epoch(record, epochs, time) ->
            show
                record.Epoch
                epochs
                (float record.Epoch / float epochs)
                record.TrainingLoss
                record.TrainingAccuracy
                time.ImagesPerSecond

/// The last column stays empty.
let private room () =
    width () |> Option.map (fun width -> width - 1)

/// Limits how often the display is drawn, so that it costs nothing.
type private Pace() =
    let watch = Stopwatch()

    member _.IsDue =
        if watch.IsRunning && watch.ElapsedMilliseconds < 100L then
            false
        else
            watch.Restart()
            true

/// One line per epoch, to standard error: standard output is for results.
let private lines: View =
    fun run work ->
        let run = subjectOf run

        work (fun progress ->
            match progress with
            | Progress.Note text -> eprintfn "%s" text
            | Progress.Epoch(record, epochs, time) -> eprintfn "%s" (epochLine None run record epochs time)
            | Progress.Step _ -> ())

/// A line for the run that is redrawn; each finished epoch leaves its own line above.
let private drawn: View =
    fun run work ->
        let run = subjectOf run
        use live = new Live()
        let underway = Underway run
        let pace = Pace()
        let show () = live.Show [ underway.Line(room ()) ]
        show ()

        let outcome =
            work (fun progress ->
                underway.Take progress

                match progress with
                | Progress.Note text -> live.Leave(wrapped (room ()) text)
                | Progress.Epoch(record, epochs, time) ->
                    live.Leave(epochLine (room ()) run record epochs time)
                    show ()
                | Progress.Step _ ->
                    if pace.IsDue then
                        show ())

        live.Clear()
        outcome

/// Whether progress is drawn; notices go to standard error, so that must be a terminal too.
let private isDrawn () =
    isDrawable () && not Console.IsErrorRedirected

/// The view that suits the output.
let view (quiet: bool) : View =
    if not quiet && isDrawn () then drawn else lines

/// Shows runs trained by several processes: a line for each run in progress, and the number of finished ones.
type SideBySide(quiet: bool, processes: int, runs: int) =
    let live = if not quiet && isDrawn () then Some(new Live()) else None
    let pace = Pace()
    let mutable underway: (string * Underway) list = []
    let mutable ended = 0

    let total () =
        let of' = $"""{ended} of {plural runs "run"} finished"""

        if underway.IsEmpty && ended = 0 then
            $"starting {processes} processes: {of'}"
        else
            of'

    let show (live: Live) =
        live.Show
            [
                for _, underway in underway do
                    underway.Line(room ())
                fit (room ()) [ 0, total () ]
            ]

    do live |> Option.iter show

    let leave (text: int option -> string) =
        match live with
        | Some live -> live.Leave(text (room ()))
        | None -> eprintfn "%s" (text None)

    member this.Say(text: string) =
        lock this (fun () -> leave (fun width -> wrapped width text))

    /// Progress reported by a worker for the run with this hash.
    member this.Progress(hash: string, run: Subject, progress: Progress) =
        lock this (fun () ->
            match underway |> List.tryFind (fun (other, _) -> other = hash) with
            | Some(_, known) -> known.Take progress
            | None ->
                let known = Underway run
                known.Take progress
                underway <- underway @ [ hash, known ]

            match progress with
            | Progress.Note text -> leave (fun width -> wrapped width text)
            | Progress.Epoch(record, epochs, time) ->
                leave (fun width -> epochLine width run record epochs time)
            | Progress.Step _ -> ()

            live
            |> Option.iter (fun live ->
                if pace.IsDue then
                    show live))

    /// Called when a run has ended, as the `now`-th of the batch: its text stays above the lines of runs in progress.
    member this.Ended(hash: string, now: int, text: string) =
        lock this (fun () ->
            ended <- now
            underway <- underway |> List.filter (fun (other, _) -> other <> hash)

            if text <> "" then
                leave (fun width -> wrapped width text)

            live |> Option.iter show)

    interface IDisposable with
        member this.Dispose() =
            live
            |> Option.iter (fun live ->
                live.Clear()
                (live :> IDisposable).Dispose())
