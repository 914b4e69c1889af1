/// The repository's files, and texts made into plans, for all tests of the language.
module Freeze.Language.Tests.Files

open System
open System.IO
open Freeze
open Freeze.Language
open Freeze.Tests

let root = Repository.root

let under (parts: string list) =
    Path.Combine(List.toArray (root :: parts))

let source text =
    {
        Path = "test.frz"
        Text = text
        Start = 0
    }

/// No file but the one at hand.
let alone: Compile.Options =
    {
        Profile = ""
        Overrides = []
        Files =
            {
                Read = fun _ -> Error "there is no such file"
                Weights = fun _ -> Error "there is no such file"
                Named = Compile.defaults.Files.Named
                Images = fun _ -> Error "there is no such folder"
            }
    }

let analyse text = Compile.analyse alone (source text)

/// The runs of a text that must be free of errors.
let runs (text: string) : Run[] =
    let analysis = analyse text

    if not (List.exists Diagnostic.isError analysis.Diagnostics) then
        analysis.Runs
    else
        analysis.Diagnostics
        |> List.map (fun d -> $"{d.Code} {d.Message}: {d.Label}")
        |> String.concat "\n"
        |> failwith

let codes text =
    (analyse text).Diagnostics |> List.map _.Code

let counts (run: Run) = Counts.ofWeights run.Recipe.Weights

/// The treatment of one weight of a run.
let treatment (name: string) (run: Run) =
    (run.Recipe.Weights |> Array.find (fun plan -> plan.Weight.Name = name)).Treatment
