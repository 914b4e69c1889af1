/// Arranges items in the lines and blocks of the original text, with each comment in its place.
module Freeze.Language.Lines

open System
open System.Collections.Generic
open Freeze.Language.Layout

/// A parsed text, with the starts of its lines and comments.
type Reading =
    {
        Source: Source
        Lines: LineIndex
        /// In the order of the text.
        Comments: Span[]
        CommentStarts: int[]
    }

let read (source: Source) (comments: Span list) : Reading =
    {
        Source = source
        Lines = LineIndex.ofText source.Text
        Comments = List.toArray comments
        CommentStarts = [| for comment in comments -> comment.Start |]
    }

/// How many of the ascending offsets are before the given one.
let private countBefore (offsets: int[]) (offset: int) =
    match Array.BinarySearch(offsets, offset) with
    | found when found >= 0 -> found
    | missing -> ~~~missing

let private lineOf (reading: Reading) (offset: int) =
    LineIndex.ofOffset reading.Lines (offset - reading.Source.Start)

let private commentsIn (reading: Reading) (span: Span) : Span[] =
    let first = countBefore reading.CommentStarts span.Start
    reading.Comments[first .. countBefore reading.CommentStarts span.End - 1]

/// The next brace after an offset; braces inside comments are skipped.
let private brace (reading: Reading) (which: char) (after: int) : int =
    let text = reading.Source.Text
    let mutable place = after - reading.Source.Start

    while text[place] <> which do
        if text[place] = '#' then
            place <- text.AsSpan(place).IndexOfAny('\n', '\r') + place
        else
            place <- place + 1

    place + reading.Source.Start

/// Items with their spans; items on one line of the text are grouped.
let private chains (reading: Reading) (items: (Span * Item) list) : (Span * Item) list list =
    List.foldBack
        (fun (span: Span, item) chains ->
            match chains with
            | ((next: Span, _) :: _ as chain) :: others when
                lineOf reading span.End = lineOf reading next.Start
                ->
                ((span, item) :: chain) :: others
            | _ -> [ span, item ] :: chains)
        items
        []

let private blocksOf (item: Item) =
    match item with
    | Item.Plain _ -> []
    | Item.Blocks blocks -> blocks |> List.map snd

/// Comments in brackets and heads: inside an item, but in none of its blocks.
let private displaced (reading: Reading) (span: Span, item: Item) : Span list =
    let inBlocks (comment: Span) =
        blocksOf item
        |> List.exists (fun block -> block.Span.Start < comment.Start && comment.Start < block.Span.End)

    commentsIn reading span |> Array.filter (inBlocks >> not) |> List.ofArray

/// The comment after the opening brace, and the lines between two offsets.
let private between
    (reading: Reading)
    (region: Span)
    (items: (Span * Item) list)
    : string option * Line list =
    let line = lineOf reading

    let text comment =
        (Source.text reading.Source comment).TrimEnd()

    let inner =
        HashSet<Span>(items |> Seq.collect (fun (span, _) -> commentsIn reading span))

    let outer = commentsIn reading region |> Array.filter (inner.Contains >> not)

    // A comment ends its line, so a line has at most one.
    let ofLine = outer |> Seq.map (fun comment -> line comment.Start, comment) |> dict

    let commentOf offset =
        match ofLine.TryGetValue(line offset) with
        | true, comment -> Some comment
        | false, _ -> None

    let chains = chains reading items

    let trailing =
        chains |> List.map (fun chain -> commentOf (fst (List.last chain)).End)

    let behindItems = HashSet<Span>(Seq.choose id trailing)

    let opening =
        commentOf region.Start
        |> Option.filter (fun comment ->
            region.Start > reading.Source.Start && not (behindItems.Contains comment))

    // Each chain with its first and last line in the text.
    let ofChains =
        List.zip chains trailing
        |> List.collect (fun (chain, comment) ->
            let first = line (fst (List.head chain)).Start

            [
                for comment in chain |> List.collect (displaced reading) do
                    first, first, Content.Comment(text comment)

                first,
                line (fst (List.last chain)).End,
                Content.Items(chain |> List.map snd, comment |> Option.map text)
            ])

    let ofComments =
        outer
        |> Seq.filter (fun comment -> not (behindItems.Contains comment || Some comment = opening))
        |> Seq.map (fun comment -> line comment.Start, line comment.Start, Content.Comment(text comment))
        |> List.ofSeq

    let placed = ofChains @ ofComments |> List.sortBy (fun (first, _, _) -> first)

    let blanks =
        false
        :: (List.pairwise placed
            |> List.map (fun ((_, last, _), (first, _, _)) -> first - last > 1))

    opening |> Option.map text,
    List.zip (List.truncate placed.Length blanks) placed
    |> List.map (fun (blank, (_, _, content)) ->
        {
            BlankBefore = blank
            Content = content
        })

let private unwritten (items: (Span * Item) list) : Line list =
    [
        for _, item in items ->
            {
                BlankBefore = false
                Content = Content.Items([ item ], None)
            }
    ]

/// The lines of a whole file. Without a text, one item per line.
let file (reading: Reading option) (items: (Span * Item) list) : Line list =
    match reading with
    | None -> unwritten items
    | Some reading ->
        let start = reading.Source.Start

        between reading (Span.Between(start, start + reading.Source.Text.Length)) items
        |> snd

/// The block of the given items, which opens after an offset. Without a text, one item per line.
let block
    (reading: Reading option)
    (item: Located<'T> -> Item)
    (after: int)
    (items: Located<'T> list)
    : Block =
    let printed = items |> List.map (fun each -> each.Span, item each)

    match reading with
    | None ->
        {
            Span = { Start = 0; End = 0 }
            OnOneLine = items.IsEmpty
            Opening = None
            Lines = unwritten printed
        }
    | Some reading ->
        let opened = brace reading '{' after

        let closed =
            match List.tryLast items with
            | Some last -> last.Span.End
            | None -> opened + 1
            |> brace reading '}'

        let opening, lines = between reading { Start = opened + 1; End = closed } printed

        {
            Span = { Start = opened; End = closed + 1 }
            OnOneLine = lineOf reading opened = lineOf reading closed || lines.IsEmpty && opening.IsNone
            Opening = opening
            Lines = lines
        }
