/// freeze plan: the runs that files mean, and which weights of each learn.
module Freeze.Cli.Commands.Plan

open Argu
open Freeze
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Cli.Tables

let private shape (extents: int[]) =
    extents |> Array.map string |> String.concat "x"

let private printRuns (runs: Run[]) =
    let row (run: Run) =
        let counts = Counts.ofWeights run.Recipe.Weights

        [
            run.Name
            run.NetName
            run.Recipe.Data
            count counts.Trained
            count counts.Fixed
            count counts.Zero
            Address.ofRecipe run.Recipe
        ]

    print
        [
            words "run"
            words "net"
            words "data"
            numbers "trained"
            numbers "fixed"
            numbers "zero"
            words "hash"
        ]
        (runs |> Seq.map row)

let private printLayers (run: Run) =
    printfn "%s" run.Name

    let row (layer: PlanFile.LayerSummary) =
        [
            layer.Name
            layer.Kind
            shape layer.Shape
            count layer.Trained
            count layer.Fixed
            count layer.Zero
        ]

    let total = Counts.ofWeights run.Recipe.Weights

    print
        [
            words "layer"
            words "kind"
            words "shape"
            numbers "trained"
            numbers "fixed"
            numbers "zero"
        ]
        [
            yield! PlanFile.layers run.Recipe |> Array.map row
            yield [ "in all"; ""; ""; count total.Trained; count total.Fixed; count total.Zero ]
        ]

/// More runs than this are listed without their layers unless asked for.
let private fewRuns = 3

let run (arguments: ParseResults<PlanArguments>) : int =
    let files = arguments.GetResult PlanArguments.Files |> List.map Files.load
    Files.printDiagnostics files

    if Files.hasErrors files then
        Exit.wrongInput
    else
        let runs = Files.runs files

        if arguments.Contains PlanArguments.Json then
            printf "%s" (PlanFile.ofRuns runs)
        else
            printRuns runs

            if runs.Length <= fewRuns || arguments.Contains Layers then
                runs |> Array.iter printLayers
            else
                printfn "%d runs; --layers shows the layers of each." runs.Length

        Exit.fine
