/// freeze show: one run as the store has it.
module Freeze.Cli.Commands.Show

open Argu
open Freeze
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Cli.StoreIndex
open Freeze.Cli.Tables
open Freeze.Records

let private printPlan (run: Run) =
    let recipe = run.Recipe
    let counts = Counts.ofWeights (PlanFile.weights recipe)

    printfn
        "%s on %s, at most %d epochs in batches of %d, seed %d"
        run.NetName
        (line (DataSource.name recipe.Data))
        recipe.Epochs
        recipe.Batch
        recipe.Seed

    for before in Origins.tryBase recipe |> Option.toList do
        printfn "starts from %s, %s" (line before.Name) (Address.ofRecipe before.Recipe)

    printfn
        "weights: %s learn, %s fixed, %s zero"
        (count counts.Trained)
        (count counts.Fixed)
        (count counts.Zero)

let private printEpochs (epochs: EpochRecord[]) =
    if epochs.Length > 0 then
        epochs
        |> print
            [
                numbers "epoch" (fun epoch -> string epoch.Epoch)
                numbers "loss" (fun epoch -> epoch.TrainingLoss.ToString "F4")
                numbers "training" (fun epoch -> percent epoch.TrainingAccuracy)
                numbers "validation loss" (fun epoch -> epoch.ValidationLoss.ToString "F4")
                numbers "validation" (fun epoch -> percent epoch.ValidationAccuracy)
            ]

/// What the weights of the best epoch come to, and whether the test set has chosen that epoch.
let private printBest (run: Run option) (best: BestRecord) =
    match best with
    | BestRecord.NotKept -> ()
    | BestRecord.Kept(epoch, loss, accuracy, verified, _) ->
        let by =
            match run with
            | Some run when run.Recipe.Validation.IsTest -> "the test set itself"
            | _ -> "validation accuracy"

        printfn
            "kept too: epoch %d, the best by %s; test accuracy %s, loss %s"
            epoch
            by
            (percent accuracy)
            (loss.ToString "F4")

        printfn "verified fixed in it: %s scalars" (count verified)

let private printResult (run: Run option) (result: RunResult) =
    printfn
        "test: accuracy %s, loss %s; best validation %s"
        (percent result.TestAccuracy)
        (result.TestLoss.ToString "F4")
        (percent result.BestValidationAccuracy)

    printfn "verified fixed: %s scalars" (count result.StillVerified)
    printBest run result.Best
    printfn "by %s on %d threads" result.Versions result.Threads

/// The epochs that other runs have trained.
let private printFrom (times: EpochTime[]) =
    for from, taken in times |> Array.groupBy _.From do
        if from <> "" then
            printfn "epochs %d to %d were trained by %s" taken[0].Epoch (Array.last taken).Epoch (line from)

let private printFiles (files: RunFiles) (log: string option) =
    printfn "files: %s" (clean files.Folder)

    for file in files.List() |> Seq.sortBy _.Name do
        printfn "  %s, %s bytes" (line file.Name) (count file.Length)

    log |> Option.iter (clean >> printfn "log: %s")

let private show (store: RunStore) (entry: Entry) =
    let files = store.FilesOf entry.Hash
    let word, about = describe entry.State
    printfn "%s · %s" (line entry.Name) entry.Hash
    printfn "%s" (if about = "" then word else $"{word}: {line about}")

    match entry.State with
    | RunState.Failed failure -> printfn "  %s" (line failure.Advice)
    | _ -> ()

    let run = files.ReadPlan() |> Option.ofObj
    run |> Option.iter printPlan

    match files.ReadResult entry.Hash |> Option.ofObj with
    | Some result ->
        printEpochs result.Epochs
        printResult run result
    | None -> printEpochs (files.ReadEpochs())

    printFrom (files.ReadTimes())
    printFiles files (Map.tryFind entry.Hash (Batches.logs store.Folder))

let run (arguments: ParseResults<ShowArguments>) : int =
    let store = RunStore(Places.store (arguments.TryGetResult ShowArguments.Store))

    match find store (arguments.GetResult ShowArguments.Run) with
    | Ok entry ->
        show store entry
        Exit.fine
    | Error reason -> Exit.refuse reason
