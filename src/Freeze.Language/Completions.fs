/// What may stand at a place, as far as the words are known.
[<RequireQualifiedAccess>]
module Freeze.Language.Completions

open System
open Freeze
open Freeze.Language.Vocabulary
open Freeze.Language.Phrases

[<RequireQualifiedAccess>]
type CandidateKind =
    | Keyword
    | Setting
    | Value
    | Net
    | Layer
    /// A part of the current net.
    | Part
    | Action
    | Modifier
    | Unit
    | Function
    | Parameter
    | Let

type Candidate = { Entry: Entry; Kind: CandidateKind }

/// What is known of the file and its runs at the place.
type Known =
    {
        Lets: string list
        Cases: string list
        /// The file's own nets with their parameters.
        Nets: (string * string list) list
        /// Paths of the parts of the current nets.
        Parts: string list
        /// The definitions of the net around the cursor: parameters, lets and blocks.
        Locals: string list
    }

let private ofEntries kind (entries: Entry list) =
    entries |> List.map (fun entry -> { Entry = entry; Kind = kind })

let private plain kind meaning name =
    {
        Entry = entry name name meaning
        Kind = kind
    }

let private several kind meaning names = names |> List.map (plain kind meaning)
let private keywords = several CandidateKind.Keyword ""

let private numberFunctions =
    functions
    |> List.map (fun (name, count) ->
        entry name (if count = 1 then $"{name}(A)" else $"{name}(A, B)") "a function of numbers")
    |> ofEntries CandidateKind.Function

let private lets known =
    several CandidateKind.Let "a let of this file" known.Lets

let private libraryNets =
    lazy
        (NetLibrary.all ()
         |> List.map (fun entry ->
             let definition = entry.Definition

             let about =
                 entry.Text.Split '\n'
                 |> Seq.takeWhile _.StartsWith('#')
                 |> Seq.map _.TrimStart('#', ' ')
                 |> String.concat " "

             plain CandidateKind.Net about definition.Name.Value))

let private nets known =
    (known.Nets |> List.map (fst >> plain CandidateKind.Net "a net of this file"))
    @ libraryNets.Value

let private dataSets =
    DataSets.all
    |> Array.map (fun set -> plain CandidateKind.Value set.About set.Name)
    |> List.ofArray

let private parts known =
    several CandidateKind.Part "a part of the net" known.Parts

let private inCall known callee =
    let ofNet =
        known.Nets
        |> List.tryFind (fst >> (=) callee)
        |> Option.map snd
        |> Option.orElse (
            NetLibrary.tryFind callee
            |> Option.map (fun entry -> entry.Definition.Parameters |> List.map _.Name.Value)
        )

    let ofValue () =
        tryEntry (Settings.table |> List.collect _.Values) callee
        |> Option.map _.Parameters

    let parameters = ofNet |> Option.orElseWith ofValue |> Option.defaultValue []
    several CandidateKind.Parameter $"of {callee}" parameters @ lets known

let private anyValue known =
    lets known
    @ numberFunctions
    @ nets known
    @ dataSets
    @ ofEntries CandidateKind.Value Optimizers.entries
    @ ofEntries CandidateKind.Value Schemes.kind.Entries

let private ofSetting known (setting: Forms.Described) =
    ofEntries CandidateKind.Value setting.Values
    @ (if setting.Entry.Name = "net" then nets known else [])
    @ lets known

let private isNumber (token: string) =
    Char.IsAsciiDigit token[0] || token[0] = '.'

let private units = ofEntries CandidateKind.Unit units

/// After the colon of a rule.
let private inAction known (words: string list) =
    let modifiers = ofEntries CandidateKind.Modifier modifiers

    match List.rev words with
    | [] -> ofEntries CandidateKind.Action actions
    | "init" :: _ ->
        ofEntries CandidateKind.Value Schemes.kind.Entries
        @ [ plain CandidateKind.Keyword "a safetensors file" "from" ]
    | "at" :: _ -> keywords [ "random"; "least" ]
    | "stats" :: _ -> [ plain CandidateKind.Keyword "" "frozen" ]
    | ("from" | "until") :: _ -> [ plain CandidateKind.Keyword "" "epoch" ]
    | ("lr" | "decay" | "ridge" | "least" | "epoch") :: _ -> lets known
    | [ "train" ] -> modifiers @ lets known
    | last :: _ :: _ when
        (isNumber last || last = ")" || last = "]" || List.contains last known.Lets)
        && not (dimensions |> List.exists (fun dimension -> List.contains dimension.Word words))
        && not (modifiers |> List.exists (fun m -> List.contains m.Entry.Name words))
        ->
        dimensions
        |> List.map (fun dimension ->
            plain CandidateKind.Unit $"of {LayerKind.name dimension.Kind} layers" dimension.Word)
    | [ "solve" ] ->
        modifiers
        |> List.filter (fun m -> m.Entry.Name = "ridge" || m.Entry.Name = "init")
    | _ -> modifiers

let private inSelector known (words: string list) =
    match List.last words with
    | "in"
    | "except"
    | ","
    | "(" -> parts known @ ofEntries CandidateKind.Keyword selectors
    | "each" -> keywords [ "layer" ]
    | "first"
    | "layer"
    | "layers"
    | "stage" -> lets known
    | "last" -> keywords [ "layer"; "stage" ]
    | number when isNumber number -> keywords [ "layers"; "layer" ]
    | _ -> keywords [ "in"; "except" ]

let private inNet known (words: string list) =
    let local = several CandidateKind.Let "of this net" known.Locals

    let numbers =
        local @ ofEntries CandidateKind.Value sizes @ lets known @ numberFunctions

    let unlabelled =
        match words with
        | _ :: ":" :: rest -> rest
        | words -> words

    match unlabelled with
    | [] when List.isEmpty words ->
        ofEntries CandidateKind.Layer layers
        @ ofEntries CandidateKind.Keyword structures
        @ local
    | [] ->
        let inner = structures |> List.filter (fun s -> List.contains s.Name labelled)

        ofEntries CandidateKind.Layer layers
        @ ofEntries CandidateKind.Keyword inner
        @ local
    | [ "init" ] -> several CandidateKind.Keyword "what starts so" [ "conv"; "linear"; "bias" ]
    | words when words.Head = "init" || List.last words = "init" ->
        ofEntries CandidateKind.Value Schemes.kind.Entries
    | [ "shortcut" ] -> [ plain CandidateKind.Keyword "a part of the body" "from" ]
    | layer :: _ ->
        match layerTable |> List.tryFind (fun known -> known.Entry.Name = layer) with
        | Some known ->
            (known.Options
             |> List.map (fst >> plain CandidateKind.Modifier known.Entry.Usage))
            @ numbers
        | None -> numbers

let private inReport known (words: string list) =
    let axes =
        ("case" :: RunColumns.settings @ known.Lets)
        |> List.map (plain CandidateKind.Let "an axis")

    match words with
    | [] -> ofEntries CandidateKind.Keyword reports
    | "claim" :: rest when List.contains "on" rest ->
        axes
        @ several CandidateKind.Value "a case" known.Cases
        @ keywords [ ">"; "<"; "within"; "of" ]
    | "claim" :: rest when not (List.contains "for" rest) ->
        several CandidateKind.Value "a measure" measures
        @ keywords [ ">"; "<"; "within"; "of"; "on"; "rises"; "falls"; "with"; "for" ]
    | words when List.contains "by" words || List.contains "for" words ->
        axes @ [ plain CandidateKind.Keyword "" "and" ]
    | words when List.contains "against" words ->
        several CandidateKind.Value "a measure" measures
        @ axes
        @ keywords [ "(log)"; "for"; "fit" ]
    | _ ->
        several CandidateKind.Value "a measure" measures
        @ keywords [ "by"; "against"; "for" ]

/// In a table of published values, whose columns and rows are named by axis values.
let private inExpect known (words: string list) =
    let named =
        several CandidateKind.Value "a case" known.Cases
        @ nets known
        @ dataSets
        @ lets known

    match words with
    | [] -> plain CandidateKind.Keyword "the columns" "on" :: named
    | words when List.contains ":" words -> lets known
    | words -> (if isNumber (List.last words) then units else []) @ named

let private inStage known (words: string list) =
    match words with
    | [] ->
        Settings.entries
        |> List.filter (fun s -> s.Name = "learn" || Optimizers.isOfStage s.Name)
        |> ofEntries CandidateKind.Setting
    | [ "learn" ] -> ofEntries CandidateKind.Value Searches.learnOfStage.Entries
    | [ "optimizer" ] -> ofEntries CandidateKind.Value Optimizers.entries @ lets known
    | _ :: "~" :: _ -> ofEntries CandidateKind.Function draws @ numberFunctions @ lets known
    | words when List.last words = "reconstruct" -> [ plain CandidateKind.Keyword "then a classifier" "then" ]
    | words when List.last words = "then" -> [ plain CandidateKind.Keyword "in closed form" "solve" ]
    | words when List.last words = "solve" -> [ plain CandidateKind.Keyword "the penalty" "ridge" ]
    | _ -> lets known

let private inStatement known (block: Cursor.Block option) (words: string list) =
    match words with
    | [] ->
        let isOutside = block.IsNone

        let begun =
            statements
            |> List.filter (fun s ->
                match block with
                | None -> true
                | Some Cursor.Block.Ensemble -> s.Name = "case" || s.Name = "let"
                | Some Cursor.Block.Profile -> s.Name = "let"
                | Some _ -> s.Name = "let" || s.Name = "expect")

        [
            if block <> Some Cursor.Block.Ensemble then
                yield!
                    Settings.entries
                    |> List.filter (fun s -> isOutside || s.Name <> "limit")
                    |> ofEntries CandidateKind.Setting
            yield! ofEntries CandidateKind.Keyword begun
            if block <> Some Cursor.Block.Profile then
                yield! parts known
                yield! ofEntries CandidateKind.Keyword selectors
        ]
    | ("case" | "profile" | "import" | "report") :: _ -> []
    | [ "let" ] -> []
    | [ "expect" ] -> several CandidateKind.Value "a measure" measures
    | "expect" :: rest when List.contains "on" rest ->
        (if isNumber (List.last rest) then units else [])
        @ several CandidateKind.Value "a case" known.Cases
        @ nets known
        @ dataSets
        @ lets known
    | "expect" :: rest when isNumber (List.last rest) -> keywords [ "on"; "from" ]
    | "ensemble" :: rest ->
        match rest with
        | [ _ ] -> [ plain CandidateKind.Keyword "" "after" ]
        | [ _; "after"; _ ] -> keywords [ "epoch"; "epochs" ]
        | _ -> lets known
    | "start" :: "from" :: rest ->
        match rest with
        | [] -> several CandidateKind.Value "a case of this file" known.Cases @ lets known
        | _ when List.last rest = "at" -> keywords [ "epoch" ]
        | _ when List.contains "at" rest -> lets known
        | _ when List.contains "on" rest -> lets known @ nets known @ dataSets @ keywords [ "at" ]
        | _ -> keywords [ "on"; "at" ]
    | _ :: "~" :: _ -> ofEntries CandidateKind.Function draws @ numberFunctions @ lets known
    | _ when List.contains ":" words ->
        let before, behind = words |> List.splitAt (List.findIndex ((=) ":") words)

        // A rule for `each layer` also has the position of its layer.
        let places =
            List.windowed 3 before
            |> List.choose (function
                | [ "each"; "layer"; place ] -> Some place
                | _ -> None)

        let count =
            if places.IsEmpty then
                []
            else
                ofEntries CandidateKind.Value [ layerCount ]

        count
        @ inAction
            { known with
                Lets = places @ known.Lets
            }
            behind.Tail
    | _ when List.contains "=" words -> (if isNumber (List.last words) then units else []) @ anyValue known
    | words ->
        match Settings.tryFind words.Head with
        | Some setting -> ofSetting known setting
        | None -> inSelector known words

/// What may stand at the cursor; the word that is being typed is ignored.
let at (known: Known) (cursor: Cursor.Cursor) : Candidate list =
    if cursor.IsProse then
        []
    else
        match List.tryLast cursor.Blocks, cursor.Call with
        | Some(Cursor.Block.Net _), _ -> inNet known cursor.Before
        | Some Cursor.Block.Names, _ -> if cursor.Before.IsEmpty then parts known else []
        | Some Cursor.Block.Stage, Some callee when callee <> "" -> inCall known callee
        | Some Cursor.Block.Stage, _ -> inStage known cursor.Before
        | Some Cursor.Block.Report, _ -> inReport known cursor.Before
        | Some Cursor.Block.Expect, _ -> inExpect known cursor.Before
        | _, Some callee when callee <> "" -> inCall known callee
        | block, _ -> inStatement known block cursor.Before
    |> List.distinctBy _.Entry.Name
