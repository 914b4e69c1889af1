/// How a batch shows that it goes on: a bar on a terminal, a line an epoch elsewhere.
module Freeze.Cli.ProgressView

open System
open Spectre.Console
open Freeze
open Freeze.Cli.Tables

/// Shows a run while it is trained: calls its function with what shows progress.
type View = Run -> ((Progress -> unit) -> RunOutcome) -> RunOutcome

let private epochLine (run: Run) (record: EpochRecord) (time: EpochTime) =
    $"{line run.Name}  epoch {record.Epoch}/{Searches.epochsAt run.Recipe record.Epoch}  loss {record.TrainingLoss:F4}  "
    + $"accuracy {percent record.TrainingAccuracy}  validation {percent record.ValidationAccuracy}  "
    + $"{time.ImagesPerSecond:N0} images/s"

/// One line for each epoch, to standard error: standard output is for results.
let private lines: View =
    fun run work ->
        work (fun progress ->
            match progress with
            | Progress.Note text -> eprintfn "%s" text
            | Progress.Epoch(record, time) -> eprintfn "%s" (epochLine run record time)
            | Progress.Step _ -> ())

/// A bar for the run, with the epoch, loss, accuracy and speed beside it; a finished epoch leaves its line above.
let private bar (console: IAnsiConsole) : View =
    fun run work ->
        console
            .Progress()
            .AutoClear(true)
            .Columns(
                TaskDescriptionColumn(Alignment = Justify.Left),
                ProgressBarColumn(),
                PercentageColumn(),
                RemainingTimeColumn()
            )
            .Start(fun context ->
                let task = context.AddTask(Markup.Escape(line run.Name))
                let epochs epoch = Searches.epochsAt run.Recipe epoch

                work (fun progress ->
                    match progress with
                    | Progress.Note text -> console.MarkupLine $"[grey]{Markup.Escape text}[/]"
                    | Progress.Step(epoch, step, steps, loss, accuracy, speed) ->
                        task.Value <-
                            100.0 * (float (epoch - 1) + float step / float steps) / float (epochs epoch)

                        task.Description <-
                            Markup.Escape
                                $"{line run.Name}  epoch {epoch}/{epochs epoch}  loss {loss:F4}  \
{percent accuracy}  {speed:N0} images/s"
                    | Progress.Epoch(record, time) ->
                        task.Value <- 100.0 * float record.Epoch / float (epochs record.Epoch)
                        console.WriteLine(epochLine run record time)))

/// The view for where the output goes.
let view (quiet: bool) : View =
    if quiet || Console.IsOutputRedirected || Console.IsErrorRedirected then
        lines
    else
        bar AnsiConsole.Console
