/// freeze import: shows what a weights file holds, and which library net it fits.
module Freeze.Cli.Commands.Import

open System
open System.IO
open Argu
open Freeze
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Cli.Tables
open Freeze.Cli.Terminal
open Freeze.Language
open Freeze.Language.FileFits

let private types (file: WeightFile) =
    file.Tensors |> Seq.map _.Type |> Seq.distinct |> Suggest.list "and" 6

let private names (fit: Fit) =
    match fit.Publishers with
    | [] -> "in Freeze's own names"
    | publishers -> $"""in the names of {Suggest.list "and" 6 publishers}"""

/// How many names of tensors fit on a line.
let private most = 6

let private printFit (path: string) (fit: Fit) =
    let net, tensors = fit.Net, $"{fit.Found} of its {fit.Of} weights"

    if fit.IsWhole then
        let classes =
            if fit.MissingHead.IsEmpty then
                $"with {count fit.Classes} classes"
            else
                "without its classifier"

        say "It fits %s %s, %s." net classes (names fit)
    elif fit.IsMore then
        let more = plural fit.LeftOver.Length "tensor"
        say "It holds all of %s, %s, but %s more: probably another net." net (names fit) more
    else
        say "No net of the library fits it; nearest is %s, %s, of which it has %s." net (names fit) tensors

    if fit.PassedOver <> "" then
        say "skipped before all its names: %s" (line fit.PassedOver)

    if fit.Lacking <> "" then
        say "not in its names, and not needed: %s" (line fit.Lacking)

    for what, several in
        [
            "missing", (if fit.IsWhole then [] else fit.Missing)
            "of another shape", fit.OtherShapes
            "left over", fit.LeftOver
        ] do
        if not several.IsEmpty then
            say "%s: %s" what (Suggest.list "and" most (several |> List.map line))

    if fit.IsWhole then
        printfn "\n    net %s\n    all: train init from \"%s\"" net (line path)

let private printTable (fit: Fit option) (layers: StoredLayer list) =
    let shape (layer: StoredLayer) = String.Join('x', layer.Shape)

    let kind =
        words "kind" (fun (_, layer: StoredLayer) -> layer.Kind)
        :: [
            words "shape" (snd >> shape)
            numbers "parameters" (fun (_, layer) -> count layer.Parameters)
        ]

    let whole =
        { words "" fst with
            Narrowing = Narrowing.Cut
        }

    match fit with
    | Some fit ->
        let byName = fit.Layers |> List.map (fun (own, there) -> there, own) |> dict
        let places = fit.Layers |> List.mapi (fun i (_, there) -> there, i) |> dict

        let known, others =
            layers |> List.partition (fun layer -> byName.ContainsKey layer.Name)

        (known |> List.sortBy (fun layer -> places[layer.Name])) @ others
        |> List.map (fun layer ->
            (match byName.TryGetValue layer.Name with
             | true, own -> own
             | false, _ -> "—"),
            layer)
        |> print (
            { whole with Title = "layer" }
            :: spare
                1
                { words "in the file" (fun (_, layer) -> layer.Name) with
                    Narrowing = Narrowing.Cut
                }
            :: kind
        )
    | None ->
        layers
        |> List.map (fun layer -> layer.Name, layer)
        |> print ({ whole with Title = "in the file" } :: kind)

let private printJson (path: string) (file: WeightFile) (fit: Fit option) (layers: StoredLayer list) =
    let own =
        match fit with
        | Some fit -> fit.Layers |> List.map (fun (own, there) -> there, own) |> Map.ofList
        | None -> Map.empty

    JsonOutput.print (fun writer ->
        let strings (name: string) (values: string seq) =
            writer.WriteStartArray name
            values |> Seq.iter writer.WriteStringValue
            writer.WriteEndArray()

        writer.WriteString("file", path)
        writer.WriteNumber("tensors", file.Tensors.Length)
        writer.WriteNumber("parameters", layers |> List.sumBy _.Parameters)
        file.Tensors |> Seq.map _.Type |> Seq.distinct |> strings "types"

        fit
        |> Option.iter (fun fit ->
            writer.WriteStartObject "fit"
            writer.WriteString("net", fit.Net)
            strings "names" fit.Publishers
            writer.WriteString("passedOver", fit.PassedOver)
            writer.WriteString("lacking", fit.Lacking)
            writer.WriteNumber("classes", fit.Classes)
            writer.WriteNumber("found", fit.Found)
            writer.WriteNumber("of", fit.Of)
            strings "missing" fit.Missing
            strings "otherShapes" fit.OtherShapes
            strings "leftOver" fit.LeftOver
            writer.WriteBoolean("whole", fit.IsWhole && not file.IsPart)
            writer.WriteEndObject())

        layers
        |> JsonOutput.field writer "layers" (fun layer ->
            writer.WriteString("name", layer.Name)

            Map.tryFind layer.Name own
            |> Option.iter (fun label -> writer.WriteString("layer", label))

            writer.WriteString("kind", layer.Kind)
            writer.WriteStartArray "shape"
            layer.Shape |> Array.iter writer.WriteNumberValue
            writer.WriteEndArray()
            writer.WriteNumber("parameters", layer.Parameters)))

let run (arguments: ParseResults<ImportArguments>) : int =
    let path = arguments.GetResult ImportArguments.File

    // Only names, types and shapes matter; the numbers are not read.
    match Source.reading path (WeightFiles.read WeightFiles.glance) with
    | Error reason -> Exit.refuse $"{path} cannot be used: {reason}"
    | Ok file ->
        let layers, fit = FileFits.layers file, FileFits.best file

        if arguments.Contains ImportArguments.Json then
            printJson path file fit layers
        else
            say
                "%s: %s numbers in %s (%s)."
                (line path)
                (layers |> List.sumBy _.Parameters |> count)
                (plural layers.Length "layer")
                (types file)

            match fit with
            | _ when file.IsPart -> say "No net can start from it: %s." WeightFiles.Part
            | Some fit -> printFit path fit
            | None -> say "It fits no net of the library."

            printfn ""
            printTable fit layers

        Exit.fine
