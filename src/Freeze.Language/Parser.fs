/// The grammar, one production per let: text to syntax. It never fails: unreadable text becomes `Broken` and a diagnostic.
module Freeze.Language.Parser

open FParsec
open Freeze.Language.Syntax
open Freeze.Language.Lexical
open Freeze.Language.Recovery

let private expression, private expressionRef =
    createParserForwardedToRef<Expression, State>()

// Expressions ------------------------------------------------------------------------------------------------

/// What an amount counts: `filters`, `row`.
let private dimension: Parser<Name> =
    attempt (
        name
        >>= fun found ->
            match Vocabulary.tryDimension found.Value with
            | Some _ -> preturn found
            | None -> pzero
    )
    <?> operatorLabel

let private counted (value: Expression, unit: Name option) : Expression =
    match unit with
    | None -> value
    | Some unit -> at (Span.Join(value.Span, unit.Span)) (Term.Amount(value, unit))

/// A value that may say what it counts: `0.4`, `1 filter`.
let private item = expression .>>. opt dimension |>> counted

let private bracketed opening closing parser =
    skipString opening >>. nested true (spaces >>. parser .>> skipString closing)

let private commas parser = sepEndBy parser (symbol ",")

let private argument: Parser<Argument> =
    // A label is followed by a space and a value.
    let noValue =
        skipAnyOf "+*/^,)]" <|> skipString ".." <|> (skipChar '-' >>. skipAnyOf " \t\n")

    let label =
        attempt (located word .>> skipAnyOf " \t\n" .>> spaces .>> notFollowedBy noValue)

    let labelled =
        label .>>. expression
        |>> fun (label, value) -> { Label = Some label; Content = value }

    labelled <|> (expression |>> fun value -> { Label = None; Content = value })

/// `sgd(lr 0.1)` is a call, `sgd (…)` is two expressions.
let private wordOrCall: Parser<Term> =
    located word
    >>= fun callee ->
        bracketed "(" ")" (commas argument)
        |>> (fun arguments -> Term.Call(callee, arguments))
        <|>% Term.Word callee.Value

let private atom: Parser<Expression> =
    choice
        [
            token number
            token (quoted |>> Term.Text)
            token wordOrCall
            token (bracketed "[" "]" (commas item) |>> Term.List)
            located (bracketed "(" ")" (sepEndBy1 item (symbol ",")))
            |>> (fun several ->
                match several.Value with
                | [ only ] -> only
                | values -> at several.Span (Term.Tuple values))
            .>> spaces
        ]
    <?> "a value"

let private negative: Parser<Expression> =
    located (skipChar '-' >>. atom |>> Term.Negative)

let private unary = negative <|> atom <?> "a value"

/// One item alone, or two joined into one.
let private joined (make: Located<'T> -> Located<'T> -> 'T) (first: Located<'T>, second: Located<'T> option) =
    match second with
    | None -> first
    | Some second -> at (Span.Join(first.Span, second.Span)) (make first second)

/// Longer sums are a mistake or an attack, and would exhaust the stack.
let longestChain = 100

/// Operands between operators, grouped from the left.
let private chain (operators: Parser<Operator>) (operand: Parser<Expression>) : Parser<Expression> =
    operand .>>. many (operators .>>. operand)
    >>= fun (first, rest) ->
        if rest.Length > longestChain then
            failFatally $"at most {longestChain} operators in a row"
        else
            rest
            |> List.fold
                (fun left (operator, right) ->
                    joined (fun left right -> Term.Binary(operator, left, right)) (left, Some right))
                first
            |> preturn

let private operator (text: string) (value: Operator) = symbol text >>% value <?> operatorLabel

/// A minus between values needs a space after it; otherwise `3 -1` in a list of words would be 2.
let private minus =
    attempt (skipChar '-' >>. skipAnyOf " \t\n") >>. spaces >>% Operator.Minus
    <?> operatorLabel

/// `-2^2` is 4 to some and -4 to others, so it needs brackets.
let private power =
    let caret = symbol "^" <?> operatorLabel

    (negative
     .>> optional (caret >>. failFatally "this minus needs brackets: `(-a)^2`, or `-(a^2)`"))
    <|> (atom .>>. opt (caret >>. unary)
         |>> joined (fun basis exponent -> Term.Binary(Operator.Power, basis, exponent)))
    <?> "a value"

let private product =
    chain (operator "*" Operator.Times <|> operator "/" Operator.Over) power

let private sum = chain (operator "+" Operator.Plus <|> minus) product

let private range =
    sum .>>. opt ((symbol ".." <?> operatorLabel) >>. sum)
    |>> joined (fun first last -> Term.Range(first, last))

expressionRef.Value <- range

let private phrase: Parser<Phrase> = many1 expression

// Rules ------------------------------------------------------------------------------------------------------

let private selector, private selectorRef =
    createParserForwardedToRef<Selector, State>()

let private layerWord = keyword "layers" <|> keyword "layer"

/// A word of a selector that does not begin a path: `stage.conv` is a part of the net.
let private placeWord text =
    attempt (
        notFollowedBy (skipString (text + ".") <|> skipString (text + "*"))
        >>. keyword text
    )

let private place: Parser<Select> =
    let counted word make =
        attempt (placeWord word >>. sum .>> layerWord) |>> make

    let one = Term.Number(1m, NumberForm.Whole)

    choice
        [
            attempt (placeWord "each" >>. keyword "layer" >>. name) |>> Select.Each
            counted "first" Select.First
            attempt (placeWord "last" .>> layerWord)
            |>> fun span -> Select.Last(at span one)
            counted "last" Select.Last
            attempt (placeWord "layers" >>. sum .>> symbol ".." .>>. sum) |>> Select.Layers
            attempt (placeWord "layer" >>. sum) |>> Select.Layer
            attempt (placeWord "last" .>> keyword "stage") >>% Select.LastStage
            attempt (placeWord "stage" >>. sum) |>> Select.Stage
        ]

let private selectorAtom: Parser<Selector> =
    (bracketed "(" ")" selector .>> spaces)
    <|> (token (place <|> (path |>> Select.Path))
         <?> "a selector (a part of the net, a kind, or rest)")

let private within =
    selectorAtom .>>. opt (placeWord "in" >>. selectorAtom)
    |>> joined (fun parts inside -> Select.In(parts, inside))

let private union =
    sepBy1 within (symbol ",")
    |>> function
        | [ only ] -> only
        | several -> at (join several) (Select.Union several)

// `except` binds loosest: `conv except conv1, conv2` excludes both.
selectorRef.Value <-
    union .>>. opt (placeWord "except" >>. union)
    |>> joined (fun parts without -> Select.Except(parts, without))

let private verb: Parser<Verb> =
    choice [ for word, verb in verbs -> keyword word >>% verb ]
    <?> "an action (train, fixed, zero or solve)"

let private amount: Parser<Amount> =
    sum .>>. (name <?> "what to count (filters, inputs, rows, columns or units)")
    |>> fun (count, dimension) -> { Count = count; Dimension = dimension }

let private modifier: Parser<Modifier> =
    let one (entry: Vocabulary.Entry, operand) =
        let words = entry.Name.Split ' ' |> Seq.map keyword |> Seq.reduce (>>.) |> attempt

        let value =
            match operand with
            | Phrases.Operand.Nothing -> preturn None
            | Phrases.Operand.Value -> sum |>> Some
            | Phrases.Operand.File -> token (quoted |>> Term.Text) |>> Some

        words >>. value |>> fun value -> { Words = entry.Name; Value = value }

    // `init from` before `init`.
    Phrases.modifierTable
    |> List.sortByDescending (fun (entry, _) -> entry.Name.Length)
    |> List.map one
    |> choice
    <?> "a modifier (such as `lr 0.1x` or `init he`)"

let private action: Parser<Action> =
    // An amount begins with a number, a bracket or a name that does not begin a modifier.
    let modifiers = many (located modifier)

    pipe3 (located verb) (opt (notFollowedBy modifier >>. amount)) modifiers (fun verb amount modifiers ->
        {
            Verb = verb
            Amount = amount
            Modifiers = modifiers
        })

let private rule: Parser<StatementItem> =
    selector .>> (symbol ":" <?> "`:` and an action") .>>. action
    |>> StatementItem.Rule

/// Whether a `:` follows within the statement: rules contain one, settings do not.
let private colonAhead: Parser<unit> =
    followedByL (skipManySatisfy (isNoneOf ":\n;{}#\"") >>. skipChar ':') "a rule"

// Statements -------------------------------------------------------------------------------------------------

let private statementEnd: Parser<unit> =
    followedBy (skipAnyOf "\n;}" <|> eof) <?> "the end of the statement"

let private statements (broken: 'T) (item: Parser<'T>) : Parser<Located<'T> list> =
    let statement = located (recovering broken (item .>> statementEnd))

    separators
    >>. many (notFollowedBy (skipChar '}' <|> eof) >>. statement .>> separators)

let private block (broken: 'T) (item: Parser<'T>) : Parser<Located<'T> list> =
    // A missing `}` is noticed at the end of the file, so the message names the line with the `{`.
    getPosition .>> skipChar '{'
    >>= fun opened ->
        let close = skipChar '}' <?> $"`}}` for the `{{` in line {opened.Line}"
        nested false (statements broken item .>> close) .>> spaces

let private netPart, private netPartRef =
    createParserForwardedToRef<NetItem, State>()

let private netBody = block NetItem.Broken netPart

let private parameters: Parser<Parameter list> =
    let parameter =
        name .>>. opt (symbol "=" >>. expression)
        |>> fun (name, value) -> { Name = name; Default = value }

    bracketed "(" ")" (commas parameter) .>> spaces <|>% []

let private definition name parameters body : Definition =
    {
        Name = name
        Parameters = parameters
        Body = body
    }

/// The given word, unless it is a label.
let private opening word =
    attempt (keyword word .>> notFollowedBy (skipChar ':'))

let private letItem make =
    opening "let" >>. (name <?> "the name to define") .>> symbol "=" .>>. item
    |>> make

let private shortcut: Parser<Shortcut> =
    // It may be on its own line.
    attempt (separators >>. keyword "shortcut" .>> notFollowedBy (skipChar ':'))
    >>. pipe2 (opt (keyword "from" >>. name)) netBody (fun from body -> { From = from; Body = body })

netPartRef.Value <-
    let structure label =
        choice
            [
                opening "repeat" >>. opt (attempt (name .>> keyword "in"))
                .>>. expression
                .>>. netBody
                |>> fun ((turn, count), body) -> NetItem.Repeat(label, turn, count, body)
                opening "residual" >>. netBody .>>. opt shortcut
                |>> fun (body, shortcut) -> NetItem.Residual(label, body, shortcut)
                opening "dense" >>. netBody |>> fun body -> NetItem.Dense(label, body)
            ]

    let labelled =
        attempt (name .>> symbol ":")
        >>= fun label ->
            (netBody |>> fun body -> NetItem.Block(label, body))
            <|> structure (Some label)
            <|> (phrase |>> fun phrase -> NetItem.Layer(Some label, phrase))

    let define =
        opening "block" >>. pipe3 name parameters netBody definition |>> NetItem.Define

    let stage = opening "stage" >>. sum .>>. netBody |>> NetItem.Stage

    let endStage =
        attempt (keyword "end" >>. keyword "stage") >>. sum |>> NetItem.EndStage

    let nameLine =
        token path .>> symbol ":" .>>. token quoted
        |>> fun (parts, name) -> Some { Parts = parts; Name = name }

    let names =
        attempt (keyword "names" >>. sepBy1 name (symbol ",") .>> followedByString "{")
        .>>. block None (nameLine <?> "parts of the net, `:` and their name in quotes")
        |>> NetItem.Names

    let namesOfNobody =
        attempt (keyword "names" .>> followedByString "{")
        >>. failFatally "these names have no publisher: `names PUBLISHER { … }`"

    let named = attempt (name .>> followedByString "{") .>>. netBody |>> NetItem.Block
    let plain = phrase |>> fun phrase -> NetItem.Layer(None, phrase)

    choice
        [
            labelled
            letItem NetItem.Let
            define
            stage
            endStage
            names
            namesOfNobody
            structure None
            named
            plain
        ]
    <?> "a layer"

let private statement, private statementRef =
    createParserForwardedToRef<StatementItem, State>()

let private body = block StatementItem.Broken statement

let private caseStatement =
    keyword "case" >>. (name <?> "the case's name") .>>. body |>> StatementItem.Case

let private profileStatement =
    keyword "profile" >>. (name <?> "the profile's name") .>>. body
    |>> StatementItem.Profile

/// `net name {`; without the brace it is the setting `net`.
let private netStatement =
    attempt (keyword "net" >>. name .>>. parameters .>> followedByString "{")
    .>>. netBody
    |>> fun ((name, parameters), body) -> StatementItem.Net(definition name parameters body)

let private importStatement =
    keyword "import" >>. (token quoted <?> "the file's name in quotes")
    |>> StatementItem.Import

let private ensembleStatement =
    let epochs = keyword "epochs" <|> keyword "epoch"

    keyword "ensemble" >>. sum .>>. (keyword "after" >>. sum .>> epochs) .>>. body
    |>> fun ((members, after), body) -> StatementItem.Ensemble(members, after, body)

/// `stage 1 {`; with a colon it is a rule.
let private stageStatement =
    let learn =
        notFollowedBy colonAhead >>. followedBy (keyword "learn") >>. name .>>. phrase
        |>> StatementItem.Learn

    attempt (keyword "stage" >>. sum .>> followedByString "{")
    .>>. block StatementItem.Broken (learn <|> statement)
    |>> StatementItem.Stage

let private expectStatement =
    let one =
        notFollowedBy (keyword "from") >>. sum
        >>= fun value ->
            match value.Value with
            | Term.Number _ -> opt dimension |>> fun unit -> counted (value, unit)
            | _ -> preturn value

    let published =
        sum .>>. (keyword "on" >>. many1 one <|>% [])
        |>> fun (value, on) -> { Value = value; On = on }

    let source = keyword "from" >>. token quoted

    let measure =
        many1 (notFollowedBy (keyword "from") >>. name)
        <?> "what is expected, such as `accuracy`"

    let columns =
        attempt (keyword "on" .>> notFollowedBy (skipChar ':'))
        >>. sepBy1 (many1 one) (symbol ",")
        |>> PublishedLine.Columns

    let cell =
        (attempt (symbol "-" .>> followedBy (skipAnyOf ",;}#\n" <|> eof)) >>% None)
        <|> (sum |>> Some)
        <?> "a value, or `-` for none"

    let row =
        many1 one .>> symbol ":" .>>. sepBy1 cell (symbol ",") |>> PublishedLine.Row

    let lines =
        block PublishedLine.Broken (columns <|> row <?> "`on` and columns, or a row")

    let table = attempt (opt source .>> followedByString "{") .>>. lines

    keyword "expect" >>. measure
    >>= fun measure ->
        (table
         |>> fun (source, lines) -> StatementItem.ExpectTable(measure, source, lines))
        <|> pipe2 (sepBy1 published (symbol ",")) (opt source) (fun values source ->
            StatementItem.Expect(measure, values, source))

let private reportStatement =
    let mark =
        between (skipChar '(') (skipChar ')') reportWord |>> fun word -> $"({word})"

    let words = many1 (token (reportWord <|> mark))

    let line =
        name .>>. sepBy words (symbol ",")
        |>> fun (kind, parts) -> Some { Kind = kind; Parts = parts }

    attempt (keyword "report" .>> followedByString "{") >>. block None line
    |>> StatementItem.Report

let private togetherStatement =
    bracketed "(" ")" (sepBy1 name (symbol ",")) .>> spaces .>> symbol "="
    .>>. expression
    |>> StatementItem.Together

let private drawStatement =
    attempt (name .>> symbol "~") .>>. expression |>> StatementItem.Draw

let private setting = name .>>. phrase |>> StatementItem.Setting

statementRef.Value <-
    choice
        [
            colonAhead >>. rule
            caseStatement
            profileStatement
            letItem StatementItem.Let
            netStatement
            importStatement
            ensembleStatement
            stageStatement
            expectStatement
            reportStatement
            togetherStatement
            drawStatement
            setting
        ]
    <?> "a setting, a rule or a case"

let private file: Parser<Statement list> =
    fun stream ->
        let read = ResizeArray<Statement>()
        let mutable more = true

        while more do
            read.AddRange (statements StatementItem.Broken statement stream).Result
            more <- not stream.IsEndOfStream

            // Statements stop at a `}`, but no block is open here.
            if more then
                let start = int stream.Index
                stream.Skip()
                let place = { Start = start; End = start + 1 }
                let stray = Diagnostic.syntax place "no `{` is open here" ("", None)

                stream.UserState <-
                    { stream.UserState with
                        Diagnostics = stray :: stream.UserState.Diagnostics
                    }

        Reply(List.ofSeq read)

/// The result of parsing a text.
type Parsed =
    {
        Statements: Statement list
        /// From `#` to the end of the line, in the order of the text.
        Comments: Span list
        Diagnostics: Diagnostic list
    }

/// The statements of a text and its errors. Offsets count from the source's Start.
let parse (source: Source) : Parsed =
    use stream =
        new CharStream<State>(source.Text, 0, source.Text.Length, int64 source.Start)

    stream.UserState <- State.Start
    stream.Name <- source.Path
    let reply = file stream

    if reply.Status <> Ok then
        failwith "the grammar recovers from every mistake, but not from this one"

    {
        Statements = reply.Result
        Comments = stream.UserState.Comments |> List.distinct |> List.sortBy _.Start
        // A missing brace is reported by every level that it should close.
        Diagnostics =
            stream.UserState.Diagnostics
            |> List.rev
            |> List.distinctBy (fun d -> d.Code, d.Span.Start)
    }
