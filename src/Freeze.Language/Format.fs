/// Formats a source: the author's lines and comments are kept, everything else gets one canonical form.
module Freeze.Language.Format

open System
open Freeze.Language.Syntax
open Freeze.Language.Layout
open Freeze.Language.Lines

let private text (text: string) = [ Piece.Text text ]
let private plain (pieces: Piece list) = Item.Plain pieces

let private notPrinted () =
    failwith "text that could not be read is an error, and not printed"

/// The end of a head with a name and perhaps parameters.
let private endOf (name: Name) (parameters: Parameter list) =
    match List.tryLast parameters with
    | Some { Default = Some value } -> value.Span.End
    | Some last -> last.Name.Span.End
    | None -> name.Span.End

/// Before a brace or at the start of a line, these words do not begin a layer or a block with that name.
let private netWords = Vocabulary.names Phrases.structures

let private nameLine (line: Located<NameLine option>) : Item =
    match line.Value with
    | None -> notPrinted ()
    | Some line -> plain (text $"{line.Parts.Value}: {Notation.quoted line.Name.Value}")

let rec private netItem (reading: Reading option) (part: NetPart) : Item =
    let source = reading |> Option.map _.Source
    let body = block reading (netItem reading)

    let labelled (label: Name option) (head: string) =
        match label with
        | Some label -> text (label.Value + ": " + head)
        | None -> text head

    let startOf (label: Name option) =
        match label with
        | Some label -> label.Span.End
        | None -> part.Span.Start

    match part.Value with
    | NetItem.Layer(None, phrase) -> plain (Notation.phrase source netWords phrase)
    | NetItem.Layer(Some label, phrase) ->
        text (label.Value + ": ") @ Notation.phrase source Phrases.labelled phrase
        |> plain
    | NetItem.Block(label, parts) ->
        let colon = if List.contains label.Value netWords then ":" else ""
        Item.Blocks [ text (label.Value + colon), body label.Span.End parts ]
    | NetItem.Repeat(label, turn, count, parts) ->
        let turn =
            match turn with
            | Some turn -> turn.Value + " in "
            | None -> ""

        Item.Blocks
            [
                labelled label ("repeat " + turn) @ Notation.expression source count,
                body count.Span.End parts
            ]
    | NetItem.Residual(label, parts, shortcut) ->
        let main = body (startOf label) parts

        Item.Blocks
            [
                labelled label "residual", main
                match shortcut with
                | Some { From = Some from; Body = parts } ->
                    text ("shortcut from " + from.Value), body main.Span.End parts
                | Some { From = None; Body = parts } -> text "shortcut", body main.Span.End parts
                | None -> ()
            ]
    | NetItem.Dense(label, parts) -> Item.Blocks [ labelled label "dense", body (startOf label) parts ]
    | NetItem.Stage(number, parts) ->
        Item.Blocks [ text "stage " @ Notation.sum source number, body number.Span.End parts ]
    | NetItem.EndStage number -> text "end stage " @ Notation.sum source number |> plain
    | NetItem.Names(publishers, lines) ->
        let names = publishers |> List.map _.Value |> String.concat ", "
        let behind = (List.last publishers).Span.End
        Item.Blocks [ text $"names {names}", block reading nameLine behind lines ]
    | NetItem.Let(name, value) -> text $"let {name.Value} = " @ Notation.item source value |> plain
    | NetItem.Define definition -> defined reading "block " definition
    | NetItem.Broken -> notPrinted ()

/// A net or a block, including its head.
and private defined (reading: Reading option) (word: string) (definition: Definition) : Item =
    let name, parameters = definition.Name, definition.Parameters
    let source = reading |> Option.map _.Source

    Item.Blocks
        [
            text (word + name.Value) @ Notation.parameters source parameters,
            block reading (netItem reading) (endOf name parameters) definition.Body
        ]

let private reportLine (line: Located<ReportLine option>) : Item =
    match line.Value with
    | None -> notPrinted ()
    | Some { Kind = kind; Parts = parts } ->
        let parts =
            parts |> List.map (List.map _.Value >> String.concat " ") |> String.concat ", "

        (kind.Value + " " + parts).TrimEnd() |> text |> plain

let private expect (source: Source option) measure (values: Published list) (from: Located<string> option) =
    let measure =
        measure |> List.map (fun (name: Name) -> name.Value) |> String.concat " "

    let published number (value: Published) =
        let figure = Notation.sum source value.Value |> flat

        // The words before the first value name the measure.
        let figure =
            if number = 0 && Lexical.isLetter figure[0] then
                $"({figure})"
            else
                figure

        figure :: (if value.On.IsEmpty then [] else [ "on" ])
        @ Notation.values source value.On
        |> String.concat " "

    let from =
        match from with
        | Some from -> " from " + Notation.quoted from.Value
        | None -> ""

    $"expect {measure} "
    + (values |> List.mapi published |> String.concat ", ")
    + from
    |> text
    |> plain

/// A line of published values. Cells are kept as written, since authors align columns.
let private publishedLine (source: Source option) (line: Located<PublishedLine>) : Item =
    let values on =
        Notation.values source on |> String.concat " "

    match line.Value with
    | PublishedLine.Columns columns ->
        "on " + (columns |> List.map values |> String.concat ", ") |> text |> plain
    | PublishedLine.Row(on, cells) ->
        let cell value =
            value |> Option.map (Notation.sum source >> flat) |> Option.defaultValue "-"

        $"""{values on}: {cells |> List.map cell |> String.concat ", "}"""
        |> text
        |> plain
    | PublishedLine.Broken -> notPrinted ()

let rec private statement (reading: Reading option) (written: Statement) : Item =
    let source = reading |> Option.map _.Source
    let body = block reading (statement reading)
    let expression = Notation.expression source

    match written.Value with
    | StatementItem.Setting(name, phrase)
    | StatementItem.Learn(name, phrase) -> text (name.Value + " ") @ Notation.phrase source [] phrase |> plain
    | StatementItem.Let(name, value) -> text $"let {name.Value} = " @ Notation.item source value |> plain
    | StatementItem.Together(names, items) ->
        let names = names |> List.map _.Value |> String.concat ", "
        text $"({names}) = " @ expression items |> plain
    | StatementItem.Draw(name, value) -> text $"{name.Value} ~ " @ expression value |> plain
    | StatementItem.Rule(selector, action) ->
        text (Notation.selector source selector + ": ") @ Notation.action source action
        |> plain
    | StatementItem.Case(name, items) -> Item.Blocks [ text ("case " + name.Value), body name.Span.End items ]
    | StatementItem.Net definition -> defined reading "net " definition
    | StatementItem.Import path -> text ("import " + Notation.quoted path.Value) |> plain
    | StatementItem.Ensemble(members, after, items) ->
        let epochs =
            if after.Value = Term.Number(1m, NumberForm.Whole) then
                " epoch"
            else
                " epochs"

        let head =
            text "ensemble "
            @ Notation.sum source members
            @ text " after "
            @ Notation.sum source after
            @ text epochs

        Item.Blocks [ head, body after.Span.End items ]
    | StatementItem.Stage(number, items) ->
        Item.Blocks [ text "stage " @ Notation.sum source number, body number.Span.End items ]
    | StatementItem.Profile(name, items) ->
        Item.Blocks [ text ("profile " + name.Value), body name.Span.End items ]
    | StatementItem.Expect(measure, values, from) -> expect source measure values from
    | StatementItem.ExpectTable(measure, from, lines) ->
        let words = measure |> List.map _.Value |> String.concat " "

        let head, after =
            match from with
            | Some from -> $"expect {words} from {Notation.quoted from.Value}", from.Span.End
            | None -> $"expect {words}", (List.last measure).Span.End

        Item.Blocks [ text head, block reading (publishedLine source) after lines ]
    | StatementItem.Report lines ->
        Item.Blocks [ text "report", block reading reportLine written.Span.Start lines ]
    | StatementItem.Broken -> notPrinted ()

let private fileText (reading: Reading option) (statements: Statement list) : string =
    statements
    |> List.map (fun each -> each.Span, statement reading each)
    |> Lines.file reading
    |> Layout.text

/// Text for statements that have no source: one per line, numbers by value.
let print (statements: Statement list) : string = fileText None statements

/// The canonical text of a source, or why it cannot be read.
let format (source: Source) : Result<string, Diagnostic list> =
    let parsed = Parser.parse source

    if parsed.Diagnostics.IsEmpty then
        Ok(fileText (Some(Lines.read source parsed.Comments)) parsed.Statements)
    else
        Error parsed.Diagnostics
