/// The trainings that a run is made of, where it is made of several, as their folders in the store tell.
module Freeze.Cli.RunParts

open System.IO
open Freeze

type Part =
    {
        /// Such as "stage 2 of 3, candidate 4 of 10".
        Name: string
        /// Of its records, a folder like that of a run.
        Folder: string
    }

/// The parts of a run in the order in which they are trained; none of a run that is one training.
let ofRun (store: string) (hash: string) (run: Run) : Part[] =
    match run.Recipe.Learning with
    | Learning.Together -> [||]
    | Learning.StageByStage _ ->
        let stages = Stages.ofRun run

        [|
            for stage in 1 .. stages.Length do
                let address, tried = stages[stage - 1]

                for candidate in 1..tried do
                    {
                        Name = $"stage {stage} of {stages.Length}, candidate {candidate} of {tried}"
                        Folder = Path.Combine(store, "stages", address, $"candidate-{candidate - 1}")
                    }
        |]
    | Learning.Ensemble(members, after, _) ->
        let start = Ensembles.start run.Recipe after

        [|
            {
                Name = "the net that members start from"
                Folder = Path.Combine(store, Address.ofRecipe start)
            }
            for number in 1..members do
                {
                    Name = $"member {number} of {members}"
                    Folder = Path.Combine(store, hash, $"member-{number}")
                }
        |]

/// The first that has not ended.
let current (parts: Part[]) : Part option =
    parts
    |> Array.tryFind (fun part -> not (File.Exists(Path.Combine(part.Folder, "result.json"))))
