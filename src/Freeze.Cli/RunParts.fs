/// The trainings that make up a run, if there are several, from their folders in the store.
module Freeze.Cli.RunParts

open Freeze
open Freeze.Records

type Part =
    {
        /// Such as "stage 2 of 3, candidate 4 of 10".
        Name: string
        Files: RunFiles
    }

/// The parts of a run in training order; empty for a run with a single training.
let ofRun (store: RunStore) (hash: string) (run: Run) : Part[] =
    match run.Recipe.Learning with
    | Learning.Together -> [||]
    | Learning.StageByStage _ ->
        let stages = Stages.ofRun run
        let files = store.Stages().FilesOf

        [|
            for stage in 1 .. stages.Length do
                let address, tried = stages[stage - 1]

                for candidate in 1..tried do
                    {
                        Name = $"stage {stage} of {stages.Length}, candidate {candidate} of {tried}"
                        Files = (files address).Candidate(candidate - 1)
                    }
        |]
    | Learning.Ensemble(members, after, _, _) ->
        let start = Ensembles.start run.Recipe after

        [|
            {
                Name = "the net that members start from"
                Files = store.FilesOf(Address.ofRecipe start)
            }
            for number in 1..members do
                {
                    Name = $"member {number} of {members}"
                    Files = (store.FilesOf hash).Member number
                }
        |]

/// The first part that has not ended.
let current (parts: Part[]) : Part option =
    parts |> Array.tryFind (fun part -> not part.Files.IsFinished)
