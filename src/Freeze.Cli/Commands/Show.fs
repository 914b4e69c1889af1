/// freeze show: shows one run from the store.
module Freeze.Cli.Commands.Show

open Argu
open Freeze
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Cli.StoreIndex
open Freeze.Cli.Tables
open Freeze.Cli.Terminal
open Freeze.Records

let private printPlan (run: Run) =
    let recipe = run.Recipe
    let counts = Counts.ofWeights (PlanFile.weights recipe)

    say
        "%s on %s, at most %d epochs in batches of %d, seed %d"
        run.NetName
        (line (DataSource.name recipe.Data))
        recipe.Epochs
        recipe.Batch
        recipe.Seed

    for before in Origins.tryBase recipe |> Option.toList do
        say "starts from %s, %s" (line before.Name) (Address.ofRecipe before.Recipe)

    say "weights: %s learn, %s fixed, %s zero" (count counts.Trained) (count counts.Fixed) (count counts.Zero)

let private printEpochs (heldOut: string) (epochs: EpochRecord[]) =
    if epochs.Length > 0 then
        epochs
        |> print
            [
                numbers "epoch" (fun epoch -> string epoch.Epoch)
                spare 2 (numbers "loss" (fun epoch -> epoch.TrainingLoss.ToString "F4"))
                spare 1 (numbers "training" (fun epoch -> percent epoch.TrainingAccuracy))
                numbers $"{heldOut} loss" (fun epoch -> epoch.ValidationLoss.ToString "F4")
                numbers heldOut (fun epoch -> percent epoch.ValidationAccuracy)
            ]

/// Prints the result of the best epoch, and whether that epoch was chosen on the test set.
let private printBest (run: Run option) (best: BestRecord) =
    match best with
    | BestRecord.NotKept -> ()
    | BestRecord.Kept(epoch, loss, accuracy, verified, _) ->
        let by =
            match run with
            | Some run when run.Recipe.Validation.IsTest -> "the test set itself"
            | _ -> "validation accuracy"

        say
            "kept too: epoch %d, the best by %s; test accuracy %s, loss %s"
            epoch
            by
            (percent accuracy)
            (loss.ToString "F4")

        say "verified fixed in it: %s scalars" (count verified)

let private printResult (heldOut: string) (run: Run option) (result: RunResult) =
    say
        "test: accuracy %s, loss %s; best %s accuracy %s%s"
        (percent result.TestAccuracy)
        (result.TestLoss.ToString "F4")
        heldOut
        (percent result.BestValidationAccuracy)
        (if heldOut = "test" then " (chosen on the test set)" else "")

    say "verified fixed: %s scalars" (count result.StillVerified)
    printBest run result.Best
    say "by %s on %d threads" result.Versions result.Threads

/// Prints which epochs other runs have trained.
let private printFrom (times: EpochTime[]) =
    for from, taken in times |> Array.groupBy _.From do
        if from <> "" then
            say "epochs %d to %d were trained by %s" taken[0].Epoch (Array.last taken).Epoch (line from)

let private printFiles (files: RunFiles) (log: string option) =
    say "files: %s" (clean files.Folder)

    for file in files.List() |> Seq.sortBy _.Name do
        say "  %s, %s bytes" (line file.Name) (count file.Length)

    log |> Option.iter (clean >> say "log: %s")

let private show (store: RunStore) (entry: Entry) =
    let files = store.FilesOf entry.Hash
    let word, about = describe entry.State
    say "%s · %s" (line entry.Name) entry.Hash
    say "%s" (if about = "" then word else $"{word}: {line about}")

    match entry.State with
    | RunState.Failed failure -> say "  %s" (line failure.Advice)
    | _ -> ()

    let run = files.ReadPlan() |> Option.ofObj
    run |> Option.iter printPlan

    let heldOut =
        match run with
        | Some run -> heldOut run.Recipe
        | None -> "validation"

    match files.ReadResult entry.Hash |> Option.ofObj with
    | Some result ->
        printEpochs heldOut result.Epochs
        printResult heldOut run result
    | None -> printEpochs heldOut (files.ReadEpochs())

    printFrom (files.ReadTimes())
    printFiles files (Map.tryFind entry.Hash (Batches.logs store.Folder))

let private printJson (store: RunStore) (entry: Entry) =
    let files = store.FilesOf entry.Hash
    let run = files.ReadPlan() |> Option.ofObj
    let result = files.ReadResult entry.Hash |> Option.ofObj

    JsonOutput.print (fun writer ->
        let field (name: string) (value: 'T) =
            writer.WritePropertyName name
            Json.writeTo writer value

        writer.WriteString("name", entry.Name)
        writer.WriteString("hash", entry.Hash)
        writer.WriteString("state", fst (describe entry.State))

        match entry.State with
        | RunState.Failed failure -> field "failure" failure
        | _ -> ()

        run
        |> Option.iter (fun run ->
            writer.WritePropertyName "plan"
            writer.WriteRawValue((PlanFile.ofRun run).TrimEnd()))

        match result with
        | Some result -> field "result" result
        | None -> field "epochs" (files.ReadEpochs())

        field "times" (files.ReadTimes())
        writer.WriteString("folder", files.Folder)

        files.List()
        |> Seq.sortBy _.Name
        |> JsonOutput.field writer "files" (fun file ->
            writer.WriteString("name", file.Name)
            writer.WriteNumber("bytes", file.Length))

        Map.tryFind entry.Hash (Batches.logs store.Folder)
        |> Option.iter (fun log -> writer.WriteString("log", log)))

let run (arguments: ParseResults<ShowArguments>) : int =
    let store = RunStore(Places.store (arguments.TryGetResult ShowArguments.Store))

    match find store (arguments.GetResult ShowArguments.Run) with
    | Ok entry ->
        (if arguments.Contains ShowArguments.Json then
             printJson
         else
             show)
            store
            entry

        Exit.fine
    | Error reason -> Exit.refuse reason
