/// The t-SNE maps that a report asks for: computed once from a finished run's weights, and stored with its records.
module Freeze.Cli.FeatureMaps

open System
open System.IO
open Freeze
open Freeze.Records
open Freeze.Report.Maps
open Freeze.Runtime
open Freeze.Runtime.Data
open Freeze.Runtime.Data.Pictures

/// More maps on a page are of no use, and each takes a while.
let private mostMaps = 8

let private points (rows: byte[][]) =
    let values = rows |> Array.collect (Array.map (fun value -> float32 value / 255.0f))
    Points(values, rows.Length, rows[0].Length)

let private mapOf (recipe: Recipe) (weights: string) (set: ImageSet) node samples : FeatureMap =
    let found =
        Features.Of(recipe, weights, set, node, samples, Environment.ProcessorCount)

    FeatureMap.Make(
        found.Node,
        Points(found.Values, found.Classes.Length, found.Width),
        points found.Images,
        found.Classes,
        found.Images
        |> Array.truncate FeatureMap.MostThumbnails
        |> Array.map (fun image -> Thumbnail.Of(ReadOnlySpan image, ReadOnlySpan set.Set.Image)),
        recipe.Seed
    )

/// Makes the missing maps of a file's finished runs; prints to standard error what cannot be made.
let make (store: RunStore) (catalog: DataCatalog) (file: Files.Loaded) =
    let wanted =
        file.Report
        |> Array.choose (fun item ->
            match item with
            | ReportItem.Tsne(stage, samples) -> Some(stage, samples)
            | _ -> None)

    let finished =
        if wanted.Length = 0 then
            [||]
        else
            Files.runs [ file ]
            |> Array.map (fun run -> run, store.FilesOf(Address.ofRecipe run.Recipe))
            |> Array.filter (fun (_, files) -> files.IsFinished)
            |> Array.truncate mostMaps

    for run, files in finished do
        for stage, samples in wanted do
            try
                let node = Features.NodeOf(run.Recipe.Net, stage)

                let path =
                    Path.Combine(files.Folder, FeatureMap.FileName(run.Recipe.Net.Nodes[node].Name, samples))

                if not (File.Exists path) then
                    eprintfn "%s: mapping %d test images" run.Name samples
                    use set = catalog.Load(run.Recipe.Data, (fun note -> eprintfn "%s" note))
                    let map = mapOf run.Recipe files.WeightsPath set node samples
                    WholeFile.Write(path, map.ToText())
            with
            | :? RunException as error ->
                eprintfn "%s has no map: %s\n  %s" run.Name error.Message error.Advice
            | :? IOException
            | :? UnauthorizedAccessException as error -> eprintfn "%s has no map: %s" run.Name error.Message
