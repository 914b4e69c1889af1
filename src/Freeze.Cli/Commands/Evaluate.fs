/// freeze evaluate: evaluates the net of a finished run on its test set, or on other images.
module Freeze.Cli.Commands.Evaluate

open System
open System.Globalization
open System.IO
open System.Text
open System.Threading
open Argu
open Freeze
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Cli.JudgedImages
open Freeze.Cli.StoreIndex
open Freeze.Cli.Tables
open Freeze.Cli.Terminal
open Freeze.Records
open Freeze.Runtime

/// With more classes than this, not all are shown; --json has all.
let private mostClasses = 20

/// How many classes and mistakes are shown in that case.
let private most = 10

/// The maximum width of a matrix.
let private width = 80

let private several (path: string) (runs: Run[]) =
    let shown =
        runs
        |> Seq.truncate most
        |> Seq.map (fun run -> $"\n  {line run.Name}")
        |> String.concat ""

    $"{path} means {runs.Length} runs; name one with --only, such as --only 'seed=1', or by its hash:{shown}"

/// The requested run and its state, or the exit code after an error message.
let private find (arguments: ParseResults<EvaluateArguments>) (store: RunStore) : Result<Run * Entry, int> =
    let wanted = arguments.GetResult EvaluateArguments.Run

    if File.Exists wanted then
        let reading = KnownData.recorded (Places.catalog None) store.Folder

        let chosen =
            Files.choose
                reading
                (arguments.TryGetResult EvaluateArguments.Profile)
                (arguments.GetResults EvaluateArguments.Setting)
                (arguments.GetResults EvaluateArguments.Only)
                [ wanted ]

        match chosen with
        | None -> Error Exit.wrongInput
        | Some [| run |] -> Ok(run, Array.exactlyOne (ofRuns store [| run |]))
        | Some runs -> Error(Exit.refuse (several wanted runs))
    else
        match StoreIndex.find store wanted with
        | Error reason -> Error(Exit.refuse reason)
        | Ok entry ->
            match store.FilesOf(entry.Hash).ReadPlan() |> Option.ofObj with
            | Some run -> Ok(run, entry)
            | None -> Error(Exit.refuse $"the plan of {line entry.Name} ({entry.Hash}) cannot be read")

let private share (value: float) =
    if Double.IsNaN value then "–" else percent value

let private named (classes: string[]) (number: int) =
    if number < classes.Length then
        $"{number} {line classes[number]}"
    else
        string number

let private printClasses (names: string[]) (confusion: Confusion) =
    let classes =
        Confusion.ofClasses confusion
        |> Array.filter (fun counts -> counts.Images + counts.Answered > 0)

    let shown =
        if classes.Length <= mostClasses then
            classes
        else
            let least =
                classes
                |> Array.filter (fun counts -> counts.Images > 0)
                |> Array.sortBy _.Recall
                |> Array.truncate most

            say "The %d classes with the lowest recall, of %d (--json has all):" least.Length classes.Length
            least

    shown
    |> print
        [
            words "class" (fun counts -> named names counts.Class)
            numbers "images" (fun counts -> count (int64 counts.Images))
            spare 2 (numbers "answered" (fun counts -> count (int64 counts.Answered)))
            spare 1 (numbers "right" (fun counts -> count (int64 counts.Right)))
            numbers "precision" (fun counts -> share counts.Precision)
            numbers "recall" (fun counts -> share counts.Recall)
        ]

/// A row for each class, or None if the matrix would be too wide.
let private matrix (confusion: Confusion) : string list option =
    // A cell takes at least a digit and a space.
    if confusion.Classes > width / 2 then
        None
    else
        let rows =
            Confusion.matrix confusion |> Array.map (Array.map string) |> Array.indexed

        let cell =
            rows
            |> Seq.collect snd
            |> Seq.append [ string (confusion.Classes - 1) ]
            |> Seq.map _.Length
            |> Seq.max

        let line (head: string) (cells: string seq) =
            head.PadLeft 5
            + " │"
            + String.Join("", cells |> Seq.map (fun text -> " " + text.PadLeft cell))

        let lines =
            line "" (Seq.init confusion.Classes string)
            :: [ for number, row in rows -> line (string number) row ]

        if lines.Head.Length <= width then Some lines else None

let private printMistakes (names: string[]) (confusion: Confusion) =
    let mistakes = Confusion.mistakes confusion

    match matrix confusion with
    | _ when mistakes.Length = 0 -> say "No image was taken for one of another class."
    | Some lines ->
        say "Images of each class (rows), by what they were taken for (columns):"
        lines |> List.iter (printfn "%s")
    | None ->
        say "What was confused most often:"

        mistakes
        |> Seq.truncate most
        |> print
            [
                words "class" (fun (struct (label, _, _)) -> named names label)
                words "taken for" (fun (struct (_, answer, _)) -> named names answer)
                numbers "images" (fun (struct (_, _, images)) -> count (int64 images))
            ]

/// Whether evaluating the run's own images gave the recorded result.
let private isAsRecorded (judged: Judged) (result: RunResult) (answers: NetAnswers) =
    judged.Other.IsNone && answers.Accuracy = result.TestAccuracy

let private loss (value: float) =
    value.ToString("F4", CultureInfo.InvariantCulture)

let private warnOfOthers (judged: Judged) (result: RunResult) (answers: NetAnswers) =
    if judged.Other.IsNone && not (isAsRecorded judged result answers) then
        tell
            "the run recorded an accuracy of %s, and this is %s: other versions, other threads or a GPU may round otherwise (it was made by %s on %d threads); where the difference is large, its weights have been changed"
            (percent result.TestAccuracy)
            (percent answers.Accuracy)
            result.Versions
            result.Threads

let private printTables (entry: Entry) (judged: Judged) (result: RunResult) (answers: NetAnswers) confusion =
    say "%s · %s" (line entry.Name) entry.Hash

    let recorded =
        if isAsRecorded judged result answers then
            ", as the run recorded"
        else
            ""

    say "%s, %s test images" (line judged.Name) (count answers.Labels.LongLength)
    say "accuracy %s, loss %s%s" (percent answers.Accuracy) (loss answers.Loss) recorded
    say ""
    printClasses judged.Classes confusion
    say ""
    printMistakes judged.Classes confusion

let private printJson (entry: Entry) (judged: Judged) (result: RunResult) (answers: NetAnswers) confusion =
    JsonOutput.print (fun writer ->
        writer.WriteString("run", entry.Name)
        writer.WriteString("hash", entry.Hash)
        writer.WriteString("data", judged.Name)
        writer.WriteBoolean("isOwnTestSet", judged.Other.IsNone)
        writer.WriteNumber("images", answers.Labels.Length)
        writer.WriteNumber("accuracy", answers.Accuracy)
        writer.WriteNumber("loss", answers.Loss)
        writer.WriteNumber("recordedAccuracy", result.TestAccuracy)
        writer.WriteNumber("recordedLoss", result.TestLoss)

        Confusion.ofClasses confusion
        |> JsonOutput.field writer "classes" (fun counts ->
            let write (name: string) (value: float) =
                if Double.IsNaN value then
                    writer.WriteNull name
                else
                    writer.WriteNumber(name, value)

            writer.WriteNumber("class", counts.Class)

            if counts.Class < judged.Classes.Length then
                writer.WriteString("name", judged.Classes[counts.Class])

            writer.WriteNumber("images", counts.Images)
            writer.WriteNumber("answered", counts.Answered)
            writer.WriteNumber("right", counts.Right)
            write "precision" counts.Precision
            write "recall" counts.Recall)

        confusion.Pairs
        |> JsonOutput.field writer "confusion" (fun pair ->
            writer.WriteNumber("class", pair[0])
            writer.WriteNumber("answer", pair[1])
            writer.WriteNumber("images", pair[2])))

/// Quoted as in RFC 4180.
let private cell (text: string) =
    if text.IndexOfAny [| ','; '"'; '\r'; '\n' |] >= 0 then
        "\"" + text.Replace("\"", "\"\"") + "\""
    else
        text

let private writePredictions (path: string) (judged: Judged) (answers: NetAnswers) =
    let text = StringBuilder("image,label,predicted,probability\r\n")

    for i in 0 .. answers.Labels.Length - 1 do
        let image =
            if i < judged.Files.Length then
                cell judged.Files[i]
            else
                string i

        let probability = answers.Probabilities[i].ToString(CultureInfo.InvariantCulture)

        text.Append($"{image},{answers.Labels[i]},{answers.Predicted[i]},{probability}\r\n")
        |> ignore

    WholeFile.Write(path, text.ToString())
    tell "the net's answers on each image are in %s" path

/// Stores the confusion for reports: runs of older versions lack it.
let private keep (files: RunFiles) confusion =
    try
        if isNull (files.ReadConfusion() |> box) then
            files.Write confusion
    with
    | :? IOException
    | :? UnauthorizedAccessException as error ->
        tell "the store cannot be written, so reports do not show this: %s" error.Message

let private evaluate (arguments: ParseResults<EvaluateArguments>) (store: RunStore) run entry result : int =
    match JudgedImages.load run (arguments.TryGetResult EvaluateArguments.Data) with
    | Error reason -> Exit.refuse reason
    | Ok judged ->
        use judged = judged

        let answers =
            Evaluator.Of(
                store,
                run,
                result,
                Option.toObj judged.Own,
                Option.toObj judged.Other,
                arguments.GetResult(EvaluateArguments.Threads, result.Threads),
                CancellationToken.None
            )

        let confusion =
            Confusion.ofAnswers run.Recipe.Classes answers.Labels answers.Predicted

        if isAsRecorded judged result answers then
            keep (store.FilesOf entry.Hash) confusion

        warnOfOthers judged result answers

        (if arguments.Contains EvaluateArguments.Json then
             printJson
         else
             printTables)
            entry
            judged
            result
            answers
            confusion

        match arguments.TryGetResult Predictions with
        | None -> Exit.fine
        | Some path ->
            try
                writePredictions path judged answers
                Exit.fine
            with
            | :? IOException
            | :? UnauthorizedAccessException as error ->
                Exit.refuse $"{path} cannot be written: {error.Message}"

let run (arguments: ParseResults<EvaluateArguments>) : int =
    let store = RunStore(Places.store (arguments.TryGetResult EvaluateArguments.Store))

    match threadsOutside (arguments.TryGetResult EvaluateArguments.Threads), find arguments store with
    | Some reason, _ -> Exit.refuse reason
    | None, Error code -> code
    | None, Ok(_, entry) when not entry.State.IsDone ->
        let state, _ = describe entry.State
        Exit.refuse $"{line entry.Name} is not finished ({state}): it has no last weights yet"
    | None, Ok(run, entry) ->
        match store.FilesOf(entry.Hash).ReadResult entry.Hash |> Option.ofObj with
        | Some result -> evaluate arguments store run entry result
        | None -> Exit.refuse $"the result of {line entry.Name} ({entry.Hash}) cannot be read"
