/// Explains what is at a place, in a few lines of Markdown.
[<RequireQualifiedAccess>]
module Freeze.LanguageServer.Hover

open System.Globalization
open System.Text.Json.Nodes
open Freeze
open Freeze.Language
open Freeze.Language.Syntax
open Freeze.LanguageServer.Protocol
open Freeze.LanguageServer.Workspace

let count (value: int64) =
    value.ToString("N0", CultureInfo.InvariantCulture)

/// Further rows are counted, not shown.
let private mostRows = 24

let private table (head: string list) (rows: string list list) : string =
    let line (cells: string list) = "| " + String.concat " | " cells + " |"

    let hidden = rows.Length - mostRows

    [
        line head
        line (head |> List.map (fun _ -> "---"))
        yield! rows |> List.truncate mostRows |> List.map line
        if hidden > 0 then
            line ($"… {hidden} more" :: List.replicate (head.Length - 1) "")
    ]
    |> String.concat "\n"

let private shape (extents: int[]) =
    extents |> Array.map string |> String.concat "x"

/// A rule: the weights that it decides in the first run in which it decides any.
let private rule (analysed: Analysed) (span: Span) : string =
    match analysed.Decisions.Value.TryGetValue span with
    | false, _ -> "This rule decides nothing in the runs that could be read."
    | true, decisions ->
        let first = decisions.Head

        let rows =
            first.Weights
            |> List.map (fun plan ->
                [
                    $"`{plan.Weight.Name}`"
                    shape plan.Weight.Shape
                    RecipeWords.action plan
                    count (Counts.ofWeight plan).Trained
                    Starts.ofPlan plan
                ])

        let runs = analysed.Analysis.Value.Runs
        let total = Counts.ofWeights (PlanFile.weights runs[first.Run].Recipe)

        let others =
            match decisions.Length with
            | 1 -> $"in run `{runs[first.Run].Name}`"
            | several ->
                $"in run `{runs[first.Run].Name}`, the first of {several} in which it decides something"

        $"Decides {first.Weights.Length} weights with {count first.Counts.Total} of {count total.Total} scalars, {others}; "
        + $"{count first.Counts.Trained} of them learn.\n\n"
        + table [ "weight"; "shape"; "action"; "learn"; "start" ] rows

/// A net: its parameters, and the shapes of one image along the way.
let private net (name: string) (net: Net) : string =
    let weights = Net.weights net
    let parameters = weights |> Seq.sumBy Weight.size

    let ofNode (node: Node) =
        weights |> Seq.filter (fun w -> w.Layer = node.Name) |> Seq.sumBy Weight.size

    let rows =
        net.Nodes
        |> Seq.map (fun node ->
            let own = ofNode node
            [ $"`{node.Name}`"; shape node.Shape; (if own = 0L then "" else count own) ])
        |> List.ofSeq

    $"**{name}**: {count parameters} parameters in {weights.Length} weights\n\n"
    + table [ "part"; "output"; "parameters" ] rows

let private entry (entry: Vocabulary.Entry) : string =
    $"```freeze\n{entry.Usage}\n```\n{entry.Meaning}"

let private setting (found: Forms.Described) : string =
    $"{entry found.Entry}\n\nTakes {found.Expected}."

let private dataSet (set: DataSet) : string =
    $"**{set.Name}**: {set.About}\n\n{count (int64 set.TrainingImages)} training and {count (int64 set.TestImages)} test "
    + $"images of {shape set.Image}, {set.Classes} classes"

/// The lines that define a name.
let private definition (analysed: Analysed) (name: Names.Occurrence) : string option =
    analysed.Names.Value
    |> List.filter (fun other -> other.IsDefinition && Names.areOfOne name other)
    |> List.map (fun defined ->
        let source = Source.at analysed.Sources defined.Span.Start
        let line, _ = Source.line source defined.Span.Start
        line.Trim())
    |> List.distinct
    |> function
        | [] -> None
        | lines ->
            lines
            |> List.truncate 6
            |> String.concat "\n"
            |> (fun lines -> Some $"```freeze\n{lines}\n```")

let private blocksAt (analysed: Analysed) offset =
    (Cursor.at (Workspace.sourceOf analysed) analysed.Tokens.Value offset).Blocks

/// The nets of runs that match a word.
let private netsOf (analysed: Analysed) (blocks: Cursor.Block list) (word: string) : (string * Net) list =
    Completion.netsAt analysed blocks
    |> List.filter (fun (name, _) ->
        name = word || name.StartsWith(word + "(") || name.StartsWith(word + "-"))

/// A line of a net's names: the matching layers and their names in the file.
let private nameLine (analysed: Analysed) offset (definition: Definition) : (string * Span) option =
    let lines =
        Walk.parts definition.Body
        |> Seq.tryPick (fun part ->
            match part.Value with
            | NetItem.Names(_, lines) when part.Span.Holds offset -> Some lines
            | _ -> None)
        |> Option.defaultValue []
        |> List.choose (fun line ->
            match line.Value |> Option.map NetNames.line with
            | Some(Ok read) -> Some(read, line.Span)
            | _ -> None)

    let names: NetNames.Table =
        {
            Publishers = []
            Lines = List.map fst lines
        }

    let rows line =
        netsOf analysed [] definition.Name.Value
        |> List.truncate 1
        |> List.collect (fun (_, net) -> Net.weights net |> Seq.map _.Layer |> Seq.distinct |> List.ofSeq)
        |> List.filter (fun layer -> NetNames.isUsed [ layer ] line)
        |> List.map (fun layer -> [ $"`{layer}`"; $"`{NetNames.ofLayer names layer}`" ])

    match lines |> List.tryFind (fun (_, span) -> span.Holds offset) with
    | None -> None
    | Some(line, span) ->
        match rows line with
        | [] -> None
        | rows -> Some(table [ "layer"; "in the file" ] rows, span)

/// The net that a word means: one used by a run, or the library's entry.
let private netOf (analysed: Analysed) (blocks: Cursor.Block list) (word: string) : string option =
    match netsOf analysed blocks word with
    | [] ->
        NetLibrary.tryFind word
        |> Option.map (fun found -> $"```freeze\n{found.Text}\n```")
    | several ->
        several
        |> List.truncate 3
        |> List.map (fun (name, found) -> net name found)
        |> String.concat "\n\n"
        |> Some

let private tables =
    [
        Optimizers.entries
        Schemes.kind.Entries
        Vocabulary.layers
        Vocabulary.draws
        Vocabulary.units
        [ Phrases.layerCount ]
        Phrases.actions
        Phrases.structures
        Phrases.statements
        Phrases.modifiers
        Vocabulary.reports
    ]

let private ofWord (analysed: Analysed) offset (statement: Statement option) (word: string) : string option =
    let isName =
        match statement with
        | Some(At(StatementItem.Setting(name, _), _)) -> name.Span.Holds offset
        | _ -> false

    let named =
        analysed.Names.Value |> List.tryFind (fun name -> name.Span.Holds offset)

    // A value is explained through its setting.
    let values =
        match statement with
        | Some(At(StatementItem.Setting(name, _), _)) -> Settings.tryFind name.Value |> Option.map _.Values
        | _ -> None

    let inTables () =
        Option.toList values @ tables
        |> List.tryPick (fun table -> Vocabulary.tryEntry table word)
        |> Option.map entry

    match named with
    | Some name when name.Kind = Names.NameKind.Net ->
        netOf analysed (blocksAt analysed offset) name.Name
        |> Option.orElse (definition analysed name)
    | Some name -> definition analysed name
    | None when isName -> Settings.tryFind word |> Option.map setting
    | None ->
        match DataSets.tryFind word with
        | Some set -> Some(dataSet set)
        | None ->
            match netOf analysed (blocksAt analysed offset) word with
            | Some found -> Some found
            | None -> inTables ()

/// The explanation of the error at the place.
let private explained (analysed: Analysed) offset : string option =
    analysed.Diagnostics.Value
    |> List.tryFind (fun d -> d.Span.Holds offset)
    |> Option.bind (fun d -> Explanations.tryFind d.Code |> Option.map (fun text -> $"**{d.Code}** {text}"))

/// Whether an error keeps a rule from deciding anything.
let private isWrong (analysed: Analysed) (span: Span) =
    not (analysed.Decisions.Value.ContainsKey span)
    && analysed.Diagnostics.Value
       |> List.exists (fun d -> Diagnostic.isError d && span.Holds d.Span.Start)

let answer (analysed: Analysed) (position: Position) : JsonNode =
    let source = Workspace.sourceOf analysed
    let offset = Workspace.offsetOf analysed position

    let statement =
        Walk.statements analysed.Statements
        |> Seq.filter _.Span.Holds(offset)
        |> Seq.sortBy (fun statement -> statement.Span.End - statement.Span.Start)
        |> Seq.tryHead

    let token =
        analysed.Tokens.Value
        |> Array.tryFind (fun token -> token.Kind = Scanner.TokenKind.Word && token.Span.Holds offset)

    let ofToken =
        token
        |> Option.bind (fun token ->
            ofWord analysed offset statement (Source.text source token.Span)
            |> Option.map (fun text -> text, token.Span))

    let found =
        match statement with
        | Some(At(StatementItem.Rule(selector, action), place)) ->
            // After the verb, a word is explained by itself; elsewhere the rule is explained.
            match ofToken with
            | Some(text, span) when span.Start > action.Verb.Span.Start -> Some(text, span)
            | Some(text, span) when analysed.Names.Value |> List.exists (fun name -> name.Span.Holds offset) ->
                Some(text, span)
            // For a rule with an error, the error is explained.
            | _ when isWrong analysed place -> None
            | _ -> Some(rule analysed place, Span.Join(selector.Span, action.Verb.Span))
        | Some(At(StatementItem.Net definition, _)) ->
            nameLine analysed offset definition |> Option.orElse ofToken
        | _ -> ofToken

    match found, explained analysed offset with
    | None, None -> nothing
    | found, explanation ->
        let parts = (found |> Option.map fst |> Option.toList) @ Option.toList explanation

        object
            [
                "contents", markdown (String.concat "\n\n---\n\n" parts)
                match found with
                | Some(_, span) -> "range", range (Workspace.rangeOf analysed span)
                | None -> ()
            ]
