/// Settings, lets, draws and tuples of names: everything that defines a name in a section.
[<RequireQualifiedAccess>]
module Freeze.Language.Definitions

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Forms
open Freeze.Language.Sections

let knownSettings = Vocabulary.names Settings.entries

/// Adds what is written under a key: a setting, or a setting of a stage.
let addWritten report key (name: Name) phrase (known: Map<'Key, Written>) =
    match Map.tryFind key known with
    | Some earlier ->
        report (Diagnostic.setTwice name.Span name.Value earlier.Name.Span)
        known
    | None -> Map.add key { Name = name; Phrase = phrase } known

let addSetting report (section: Section) (name: Name) phrase =
    if Settings.isSetting name.Value then
        { section with
            Settings = addWritten report name.Value name phrase section.Settings
        }
    else
        report (Diagnostic.unknownSetting name.Span name.Value knownSettings)
        section

/// A let must not have such a name: it would change the meaning of other words.
let private meanings =
    [
        yield! DataSets.all |> Seq.map _.Name
        yield! NetLibrary.names ()
        yield!
            [
                Optimizers.entries
                Schemes.kind.Entries
                Vocabulary.draws
                Vocabulary.layers
            ]
            |> List.collect Vocabulary.names
        yield! Vocabulary.functions |> List.map fst
        yield! knownSettings
        yield! Vocabulary.names Phrases.sizes
    ]
    |> Set.ofList

/// Appends a let or a draw to the others of its kind.
let addNamed report what (name: Name) value (known: Let list) : Let list =
    match known |> List.tryFind (fun l -> l.Name.Value = name.Value) with
    | Some earlier ->
        report (Diagnostic.definedTwice name.Span what name.Value earlier.Name.Span)
        known
    | None -> known @ [ { Name = name; Content = value } ]

let addLet report (section: Section) (name: Name) value =
    if meanings.Contains name.Value then
        report (Diagnostic.letOfMeaning name.Span name.Value)

    { section with
        Lets = addNamed report "a let" name value section.Lets
    }

/// Defines a setting if the name is one of a setting, else a let.
let define report (section: Section) (name: Name) (value: Expression) =
    if Settings.isSetting name.Value then
        addSetting report section name [ value ]
    else
        addLet report section name value

let addTogether report (section: Section) (names: Name list) (items: Expression) =
    let part (section, index) (name: Name) =
        define report section name (at items.Span (Term.Part(index, items))), index + 1

    let fits (item: Expression) =
        match item.Value with
        | Term.Tuple values -> values.Length = names.Length
        | _ -> false

    match items.Value with
    | Term.List several ->
        several
        |> List.filter (fits >> not)
        |> List.iter (fun item ->
            report (
                Diagnostic.wrongValue item.Span $"%d{names.Length} values in brackets, one for each name"
            ))
    | _ -> report (Diagnostic.wrongValue items.Span "a list of values in brackets")

    let section, _ = names |> List.fold part (section, 0)

    { section with
        Togethers = section.Togethers @ [ { Names = names; Items = items } ]
    }
