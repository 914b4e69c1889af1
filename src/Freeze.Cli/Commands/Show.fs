/// freeze show: one run as the store has it.
module Freeze.Cli.Commands.Show

open System.IO
open Argu
open Freeze
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Cli.StoreIndex
open Freeze.Cli.Tables
open Freeze.Runtime.Results

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

    printfn
        "weights: %s learn, %s fixed, %s zero"
        (count counts.Trained)
        (count counts.Fixed)
        (count counts.Zero)

let private printEpochs (epochs: EpochRecord[]) =
    if epochs.Length > 0 then
        print
            [
                numbers "epoch"
                numbers "loss"
                numbers "training"
                numbers "validation loss"
                numbers "validation"
            ]
            (epochs
             |> Seq.map (fun epoch ->
                 [
                     string epoch.Epoch
                     epoch.TrainingLoss.ToString "F4"
                     percent epoch.TrainingAccuracy
                     epoch.ValidationLoss.ToString "F4"
                     percent epoch.ValidationAccuracy
                 ]))

let private printResult (result: RunResult) =
    printfn
        "test: accuracy %s, loss %s; best validation %s"
        (percent result.TestAccuracy)
        (result.TestLoss.ToString "F4")
        (percent result.BestValidationAccuracy)

    printfn "verified still: %s scalars" (count result.StillVerified)
    printfn "by %s on %d threads" result.Versions result.Threads

let private printFiles (view: StoreView) (entry: Entry) =
    printfn "files: %s" (clean (view.FolderOf entry.Hash))

    let files =
        DirectoryInfo(view.FolderOf entry.Hash).GetFiles()
        |> Array.filter (fun file -> not (file.Name.StartsWith "claim-"))
        |> Array.sortBy _.Name

    for file in files do
        printfn "  %s, %s bytes" (line file.Name) (count file.Length)

    match view.Logs().TryGetValue entry.Hash with
    | true, path -> printfn "log: %s" (clean path)
    | false, _ -> ()

let private show (view: StoreView) (entry: Entry) =
    let word, about = describe entry.State
    printfn "%s · %s" (line entry.Name) entry.Hash
    printfn "%s" (if about = "" then word else $"{word}: {line about}")

    match entry.State with
    | RunState.Failed failure -> printfn "  %s" (line failure.Advice)
    | _ -> ()

    view.Plan entry.Hash |> Option.ofObj |> Option.iter printPlan

    match view.Finished entry.Hash with
    | RunOutcome.Already(result, _) ->
        printEpochs result.Epochs
        printResult result
    | _ -> printEpochs (view.Epochs entry.Hash)

    printFiles view entry

let run (arguments: ParseResults<ShowArguments>) : int =
    let store = Places.store (arguments.TryGetResult ShowArguments.Store)
    let view = StoreView store

    match find view store (arguments.GetResult ShowArguments.Run) with
    | Ok entry ->
        show view entry
        Exit.fine
    | Error reason ->
        eprintfn "%s" reason
        Exit.wrongInput
