/// Turns expressions, selectors and actions into code, with only the parentheses that they need.
module Freeze.Language.Notation

open System
open System.Globalization
open Freeze.Language.Syntax
open Freeze.Language.Layout

/// Keeps digits as written: `1.0` must not become `1`, which means one and not all.
let private tidy (written: string) =
    let whole = if written.StartsWith '.' then "0" + written else written

    match whole.IndexOf '.' with
    | -1 -> whole
    | dot when dot + 1 < whole.Length && Char.IsAsciiDigit whole[dot + 1] -> whole
    | dot -> whole.Insert(dot + 1, "0")

let private number (value: decimal) (form: NumberForm) =
    let plain (value: decimal) =
        value.ToString(CultureInfo.InvariantCulture)

    match form with
    | NumberForm.Whole -> plain (Decimal.Truncate value)
    | NumberForm.Decimal when (plain value).Contains '.' -> plain value
    | NumberForm.Decimal -> plain value + ".0"
    | NumberForm.Percent -> plain (value * 100m) + "%"
    | NumberForm.Factor -> plain value + "x"

let quoted (text: string) = "\"" + text + "\""

let private bracketed opening items closing =
    [ Piece.Bracketed(opening, items, closing) ]

let private text (text: string) = [ Piece.Text text ]

let private parenthesised (pieces: Piece list) = text "(" @ pieces @ text ")"

let private separated (separator: string) (several: Piece list list) : Piece list =
    several
    |> List.mapi (fun i pieces -> if i = 0 then pieces else text separator @ pieces)
    |> List.concat

// Expressions ------------------------------------------------------------------------------------------------

/// The precedence levels of terms, as in Parser.fs.
[<RequireQualifiedAccess>]
type private Level =
    | Counted
    | Range
    | Sum
    | Product
    | Power
    | Unary
    | Atom

let private levelOf (operator: Operator) =
    match operator with
    | Operator.Plus
    | Operator.Minus -> Level.Sum
    | Operator.Times
    | Operator.Over -> Level.Product
    | Operator.Power -> Level.Power

let private level (term: Term) =
    match term with
    | Term.Amount _ -> Level.Counted
    | Term.Range _ -> Level.Range
    | Term.Binary(operator, _, _) -> levelOf operator
    | Term.Negative _ -> Level.Unary
    | Term.Number _
    | Term.Word _
    | Term.Text _
    | Term.Size _
    | Term.Call _
    | Term.List _
    | Term.Tuple _
    | Term.Part _ -> Level.Atom

/// How many operators of one level follow each other at a term's left.
let rec private row (least: Level) (count: int) (expression: Expression) : int =
    match expression.Value with
    | Term.Binary(operator, left, _) when levelOf operator = least -> row least (count + 1) left
    | _ -> count

/// The code of a term in a place that allows level `least` or tighter. Digits are taken from the source.
let rec private within (source: Source option) (least: Level) (expression: Expression) : Piece list =
    let pieces =
        match expression.Value with
        | Term.Number(value, form) ->
            match source with
            | Some source -> text (tidy (Source.text source expression.Span))
            | None -> text (number value form)
        | Term.Word word -> text word
        | Term.Text content -> text (quoted content)
        | Term.Size(rows, columns) -> text $"%d{rows}x%d{columns}"
        | Term.Call(callee, arguments) ->
            text callee.Value @ bracketed "(" (arguments |> List.map (argument source)) ")"
        | Term.List items -> bracketed "[" (items |> List.map (within source Level.Counted)) "]"
        | Term.Tuple items -> bracketed "(" (items |> List.map (within source Level.Counted)) ")"
        | Term.Amount(count, unit) -> within source Level.Range count @ text (" " + unit.Value)
        | Term.Part _ -> failwith "a part of a tuple is made by the checker and never written"
        | Term.Range(first, last) -> within source Level.Sum first @ text ".." @ within source Level.Sum last
        | Term.Negative value -> text "-" @ within source Level.Atom value
        | Term.Binary(operator, left, right) -> binary source operator left right

    if level expression.Value < least then
        parenthesised pieces
    else
        pieces

and private binary source operator left right =
    let chain symbol level tighter =
        let pieces = within source level left

        let length = row level 0 left

        let left =
            if length > 0 && length % Parser.longestChain = 0 then
                parenthesised pieces
            else
                pieces

        left @ text symbol @ within source tighter right

    match operator with
    | Operator.Plus -> chain " + " Level.Sum Level.Product
    | Operator.Minus -> chain " - " Level.Sum Level.Product
    | Operator.Times -> chain " * " Level.Product Level.Power
    | Operator.Over -> chain " / " Level.Product Level.Power
    // The parser does not accept `-a^2`.
    | Operator.Power -> within source Level.Atom left @ text "^" @ within source Level.Unary right

and private argument source (argument: Argument) : Piece list =
    let content = within source Level.Range argument.Content

    match argument.Label with
    | Some label -> text (label.Value + " ") @ content
    | None -> content

let expression (source: Source option) : Expression -> Piece list = within source Level.Range

/// An expression that may say what it counts.
let item (source: Source option) : Expression -> Piece list = within source Level.Counted

/// An expression that is not a range.
let sum (source: Source option) : Expression -> Piece list = within source Level.Sum

/// Adds parentheses if the text would begin with one of these words, which have another meaning there.
let guarded (words: string list) (pieces: Piece list) : Piece list =
    let first =
        flat pieces
        |> Seq.takeWhile (fun c -> Lexical.isNameChar c || c = '-')
        |> String.Concat

    if List.contains first words then
        parenthesised pieces
    else
        pieces

/// The values after `on`; a word after a number would be read as its unit.
let values (source: Source option) (values: Expression list) : string list =
    let units = Vocabulary.names Vocabulary.units

    let value (isBehindNumber: bool) (value: Expression) =
        match value.Value with
        | Term.Amount({ Value = Term.Number _ }, _) -> item source value |> flat
        | _ ->
            sum source value
            |> guarded ([ "from"; "on" ] @ (if isBehindNumber then units else []))
            |> flat

    values
    |> List.mapi (fun i each -> value (i > 0 && values[i - 1].Value.IsNumber) each)

/// Expressions side by side; the first must not begin with one of the given words.
let phrase (source: Source option) (words: string list) (phrase: Phrase) : Piece list =
    phrase
    |> List.mapi (fun i part -> guarded (if i = 0 then words else []) (expression source part))
    |> separated " "

let parameters (source: Source option) (parameters: Parameter list) : Piece list =
    let parameter (parameter: Parameter) =
        text parameter.Name.Value
        @ match parameter.Default with
          | Some value -> text " = " @ expression source value
          | None -> []

    if parameters.IsEmpty then
        []
    else
        bracketed "(" (parameters |> List.map parameter) ")"

// Rules ------------------------------------------------------------------------------------------------------

let private isOne (expression: Expression) =
    expression.Value = Term.Number(1m, NumberForm.Whole)

/// A place is expected after these words: as part names they need parentheses next to other words.
let private placeWords = [ "each"; "first"; "last"; "layer"; "layers"; "stage" ]

/// A rule's `:` must stand on the selector's line, so selectors are never broken.
let rec selector (source: Source option) (whole: Selector) : string =
    let value expression = flat (sum source expression)
    let inParentheses selected = "(" + selector source selected + ")"

    let atom (selected: Selector) =
        match selected.Value with
        | Select.Union _
        | Select.In _
        | Select.Except _ -> inParentheses selected
        | Select.Path path when List.contains path placeWords -> inParentheses selected
        | _ -> selector source selected

    let inUnion (selected: Selector) =
        match selected.Value with
        | Select.In _ -> selector source selected
        | _ -> atom selected

    let operand (selected: Selector) =
        match selected.Value with
        | Select.Union _ -> selector source selected
        | _ -> inUnion selected

    match whole.Value with
    | Select.Path path -> path
    | Select.Each place -> $"each layer {place.Value}"
    | Select.First count when isOne count -> $"first {value count} layer"
    | Select.First count -> $"first {value count} layers"
    | Select.Last count when isOne count -> "last layer"
    | Select.Last count -> $"last {value count} layers"
    | Select.Layer number -> $"layer {value number}"
    | Select.Stage number -> $"stage {value number}"
    | Select.LastStage -> "last stage"
    | Select.Layers(first, last) -> $"layers {value first}..{value last}"
    | Select.Union several -> several |> List.map inUnion |> String.concat ", "
    | Select.In(parts, inside) -> $"{atom parts} in {atom inside}"
    | Select.Except(parts, without) -> $"{operand parts} except {operand without}"

let private modifier (source: Source option) (modifier: Modifier) : Piece list =
    text modifier.Words
    @ match modifier.Value with
      | None -> []
      | Some value ->
          let value = sum source value
          // `init from` is followed by a path.
          text " "
          @ (if modifier.Words = "init" then
                 guarded [ "from" ] value
             else
                 value)

/// The words that begin a modifier; amounts begin differently.
let private modifierWords =
    Vocabulary.names Phrases.modifiers
    |> List.map (fun words -> words.Split(' ')[0])

let action (source: Source option) (action: Action) : Piece list =
    [
        text (verbWord action.Verb.Value)
        match action.Amount with
        | Some amount ->
            guarded modifierWords (sum source amount.Count)
            @ text (" " + amount.Dimension.Value)
        | None -> ()
        for each in action.Modifiers do
            modifier source each.Value
    ]
    |> separated " "
