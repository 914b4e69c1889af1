/// The names of a net's layers in published weights files: `block*.unit*: "layer*.(*-1)"`.
module Freeze.Language.NetNames

open System
open System.Text.RegularExpressions
open Freeze.Language.Syntax

/// A piece of a name.
[<RequireQualifiedAccess>]
type private Piece =
    | Text of string
    /// What a star of the path has matched; for a number, plus `more`.
    | Star of more: int option

/// Path segments, each with at most one star, and their replacement in the file.
type Line =
    private
        {
            Parts: string list
            Name: Piece list
        }

/// The names used by some publishers.
type Table =
    {
        Publishers: string list
        Lines: Line list
    }

let private star = Regex @"\(\*([+-][0-9]{1,4})\)|\*"

/// Parses a line as written.
let line (written: NameLine) : Result<Line, Diagnostic> =
    let parts = List.ofArray (written.Parts.Value.Split '.')
    let name = written.Name.Value

    let starsOf (text: string) =
        text |> Seq.filter ((=) '*') |> Seq.length

    let pieces =
        let found = star.Matches name |> List.ofSeq

        let ends = 0 :: (found |> List.map (fun star -> star.Index + star.Length))

        [
            for start, star in List.zip (List.truncate found.Length ends) found do
                Piece.Text(name.Substring(start, star.Index - start))
                let more = star.Groups[1].Value
                Piece.Star(if more = "" then None else Some(int more))
            Piece.Text(name.Substring(List.last ends))
        ]

    if parts |> List.exists (fun part -> starsOf part > 1 || part = "") then
        Error(Diagnostic.namesParts written.Parts.Span)
    elif
        star.Matches name
        |> Seq.exists (fun star -> star.Value = "*" && star.Index > 0 && name[star.Index - 1] = '(')
    then
        Error(Diagnostic.namesSum written.Name.Span)
    elif starsOf written.Parts.Value <> starsOf name then
        Error(Diagnostic.namesStars written.Name.Span)
    else
        Ok { Parts = parts; Name = pieces }

/// What the stars of a pattern match in a segment; None if the segment does not match.
let private taken (part: string) (segment: string) : string list option =
    match part.IndexOf '*' with
    | -1 -> if part = segment then Some [] else None
    | at ->
        let before, behind = part.Substring(0, at), part.Substring(at + 1)

        if
            segment.Length > before.Length + behind.Length
            && segment.StartsWith(before, StringComparison.Ordinal)
            && segment.EndsWith(behind, StringComparison.Ordinal)
        then
            Some [ segment.Substring(at, segment.Length - before.Length - behind.Length) ]
        else
            None

let rec private spelled (pieces: Piece list) (taken: string list) : string option =
    match pieces, taken with
    | Piece.Text text :: rest, _ -> spelled rest taken |> Option.map ((+) text)
    | Piece.Star None :: rest, value :: others -> spelled rest others |> Option.map ((+) value)
    | Piece.Star(Some more) :: rest, value :: others ->
        match Int32.TryParse value with
        | true, number when number + more >= 0 ->
            spelled rest others |> Option.map ((+) (string (number + more)))
        | _ -> None
    | _ -> Some ""

/// What a line makes of the first segments of a path, and the segments after them; None if they do not match.
let private translated (segments: string list) (line: Line) : (string * string list) option =
    let rec take (parts: string list) (segments: string list) (stars: string list) =
        match parts, segments with
        | [], rest -> spelled line.Name stars |> Option.map (fun name -> name, rest)
        | part :: parts, segment :: rest ->
            taken part segment |> Option.bind (fun star -> take parts rest (stars @ star))
        | _ -> None

    take line.Parts segments []

/// A layer's name in the file. Its path is read from the left: the first line that matches the next segments gives their
/// replacement; segments that no line matches are kept.
let ofLayer (table: Table) (layer: string) : string =
    let rec translate (segments: string list) =
        match segments, List.tryPick (translated segments) table.Lines with
        | [], _ -> []
        | _, Some(name, rest) -> name :: translate rest
        | first :: rest, None -> first :: translate rest

    translate (List.ofArray (layer.Split '.'))
    |> List.filter ((<>) "")
    |> String.concat "."

/// Whether a line matches a part of one of these layers.
let isUsed (layers: string seq) (line: Line) : bool =
    let rec isIn (segments: string list) =
        match segments with
        | [] -> false
        | _ :: rest -> (translated segments line).IsSome || isIn rest

    layers |> Seq.exists (fun layer -> isIn (List.ofArray (layer.Split '.')))

/// Reports layers whose name becomes empty, and lines that match no layer. `isWhole`: the net has no parameters, so it has no
/// other layers elsewhere.
let check
    report
    (isWhole: bool)
    (layers: string list)
    (tables: (Table * Span) seq)
    (lines: (Line * Span) seq)
    =
    for table, span in tables do
        layers
        |> List.tryFind (fun layer -> ofLayer table layer = "")
        |> Option.iter (fun layer -> report (Diagnostic.namesNone span layer))

    if isWhole then
        for line, span in lines do
            if not (isUsed layers line) then
                report (Diagnostic.namesNothing span)
