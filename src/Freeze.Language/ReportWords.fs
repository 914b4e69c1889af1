/// Splits the words of a report line into keyword parts; reads names, measures and axes.
module Freeze.Language.ReportWords

open Freeze
open Freeze.Language.Syntax

/// The words between two keywords, as names: `accuracy, trained parameters` are two.
type Part =
    {
        Keyword: string
        Names: Located<string> list
    }

let keywords = [ "by"; "against"; "over"; "for"; "fit" ]

let named (words: Located<string> list) : Located<string> =
    at (join words) (words |> List.map _.Value |> String.concat " ")

/// Splits at keywords and, within a part, at commas and `and`.
let split (line: ReportLine) : Part list =
    let close (keyword, names, words) =
        let names =
            if List.isEmpty words then
                names
            else
                named (List.rev words) :: names

        keyword, names, []

    let word (parts, current) (word: Located<string>) =
        let keyword, names, words = current

        if List.contains word.Value keywords then
            close current :: parts, (word.Value, [], [])
        elif word.Value = "and" then
            parts, close current
        else
            parts, (keyword, names, word :: words)

    let phrase (parts, current) (words: Located<string> list) =
        let parts, current = words |> List.fold word (parts, current)
        parts, close current

    let parts, current = line.Parts |> List.fold phrase ([], ("", [], []))

    current :: parts
    |> List.rev
    |> List.map (fun (keyword, names, _) ->
        {
            Keyword = keyword
            Names = List.rev names
        })

/// The names, if all of them are known.
let demand what isKnown known report (names: Located<string> list) =
    for name in names do
        if not (isKnown name.Value) then
            report (Diagnostic.unknownWord name.Span what name.Value known)

    names |> List.map _.Value |> List.toArray

let among what (known: string list) =
    demand what (fun name -> List.contains name known) known

let measures report =
    demand "measure" Vocabulary.isMeasure Vocabulary.measures report

/// Whether runs have such a column: one of the file's, or a setting that every run has.
let isAxis (known: string list) name =
    List.contains name known || List.contains name RunColumns.settings

/// `known` are the columns that the file's runs can have.
let axes report known =
    demand "axis" (isAxis known) known report

/// A name that may be followed by `(log)`, and whether it is.
let marked (name: Located<string>) : Located<string> * bool =
    let mark = " (log)"

    if name.Value.EndsWith mark then
        { name with
            Value = name.Value.Substring(0, name.Value.Length - mark.Length)
        },
        true
    else
        name, false

let part keyword (parts: Part list) =
    parts
    |> List.tryFind (fun part -> part.Keyword = keyword)
    |> Option.map _.Names
    |> Option.defaultValue []
