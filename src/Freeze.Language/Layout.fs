/// Turns code in brackets and braces into text: decides on line breaks and the place of comments.
module Freeze.Language.Layout

open System.Text

/// Longer lines are broken if possible.
let width = 100

let private step = 4

[<RequireQualifiedAccess>]
type Piece =
    | Text of string
    /// `[a, b]`, `(lr 0.1, decay 0)`: one item per line if the line would be too long.
    | Bracketed of opening: string * items: Piece list list * closing: string

/// A statement, a part of a net or a line of a report.
[<RequireQualifiedAccess>]
type Item =
    | Plain of Piece list
    /// `residual { … } shortcut { … }`: heads and their blocks.
    | Blocks of (Piece list * Block) list

and Block =
    {
        /// Its span in the text, from brace to brace.
        Span: Span
        /// Whether the block is empty, or stands on one line without comments.
        OnOneLine: bool
        /// The comment after `{`.
        Opening: string option
        Lines: Line list
    }

and Line = { BlankBefore: bool; Content: Content }

and [<RequireQualifiedAccess>] Content =
    | Comment of string
    /// Items on one line, and the comment after the last.
    | Items of Item list * comment: string option

let rec flat (pieces: Piece list) : string =
    pieces
    |> List.map (function
        | Piece.Text text -> text
        | Piece.Bracketed(opening, items, closing) ->
            opening + (items |> List.map flat |> String.concat ", ") + closing)
    |> String.concat ""

let private line (indent: int) (text: string) = String.replicate indent " " + text

/// A line; if it is too long, the items of its widest brackets go on separate lines.
let rec private code (indent: int) (before: string) (pieces: Piece list) (after: string) : string list =
    let whole = before + flat pieces + after

    let brackets =
        pieces
        |> List.indexed
        |> List.choose (fun (place, piece) ->
            match piece with
            | Piece.Bracketed(opening, items, closing) when not items.IsEmpty ->
                Some(place, (flat [ piece ]).Length, (opening, items, closing))
            | Piece.Bracketed _
            | Piece.Text _ -> None)

    if indent + whole.Length <= width || brackets.IsEmpty then
        [ line indent whole ]
    else
        let place, _, (opening, items, closing) =
            brackets |> List.maxBy (fun (_, length, _) -> length)

        let last = items.Length - 1

        [
            line indent (before + flat (List.take place pieces) + opening)
            for number, item in List.indexed items do
                yield! code (indent + step) "" item (if number = last then "" else ",")
            line indent (closing + flat (List.skip (place + 1) pieces) + after)
        ]

/// Parts joined on one line, if there is room.
let private joined (separator: string) (room: int) (flat: int -> 'T -> string option) (parts: 'T list) =
    let text = StringBuilder()

    let rec add (parts: 'T list) =
        match parts with
        | [] -> Some(text.ToString())
        | part :: others ->
            if text.Length > 0 then
                text.Append separator |> ignore

            match flat (room - text.Length) part with
            | Some part ->
                text.Append part |> ignore
                add others
            | None -> None

    add parts

let private canBeFlat (item: Item) =
    match item with
    | Item.Plain _ -> true
    | Item.Blocks blocks -> blocks |> List.forall (fun (_, block) -> block.OnOneLine)

let rec private flatItem (room: int) (item: Item) : string option =
    match item with
    | Item.Plain pieces -> Some(flat pieces) |> Option.filter (fun text -> text.Length <= room)
    | Item.Blocks blocks when canBeFlat item ->
        blocks
        |> joined " " room (fun room (head, block) ->
            let head = flat head + " "
            flatBlock (room - head.Length) block |> Option.map (fun block -> head + block))
    | Item.Blocks _ -> None

and private flatBlock (room: int) (block: Block) : string option =
    let items =
        block.Lines
        |> List.collect (fun line ->
            match line.Content with
            | Content.Items(items, _) -> items
            | Content.Comment _ -> [])

    if items.IsEmpty then
        Some "{ }"
    else
        items
        |> joined "; " (room - "{  }".Length) flatItem
        |> Option.map (fun items -> "{ " + items + " }")

let private behind (comment: string option) =
    match comment with
    | Some comment -> "  " + comment
    | None -> ""

let rec private linesOf (indent: int) (lines: Line list) : string list =
    [
        for each in lines do
            if each.BlankBefore then
                ""

            match each.Content with
            | Content.Comment comment -> line indent comment
            | Content.Items(items, comment) ->
                let lines = itemLines indent items
                yield! List.take (lines.Length - 1) lines
                List.last lines + behind comment
    ]

/// Neighbours share a line if they fit; otherwise each has its own.
and private itemLines (indent: int) (items: Item list) : string list =
    let runs =
        List.foldBack
            (fun item runs ->
                match runs with
                | (next :: _ as run) :: others when canBeFlat item && canBeFlat next ->
                    (item :: run) :: others
                | _ -> [ item ] :: runs)
            items
            []

    runs
    |> List.collect (fun run ->
        match joined "; " (width - indent) flatItem run, run with
        | Some text, _ -> [ line indent text ]
        | None, [ item ] -> opened indent item
        | None, several -> several |> List.collect (fun item -> itemLines indent [ item ]))

/// An item that does not fit on one line.
and private opened (indent: int) (item: Item) : string list =
    match item with
    | Item.Plain pieces -> code indent "" pieces ""
    | Item.Blocks blocks ->
        [
            for number, (head, block) in List.indexed blocks do
                let before = if number = 0 then "" else "} "
                yield! code indent before head (" {" + behind block.Opening)
                yield! linesOf (indent + step) block.Lines

            line indent "}"
        ]

/// The text of a whole file.
let text (lines: Line list) : string =
    linesOf 0 lines |> List.map (fun line -> line + "\n") |> String.concat ""
