/// The grammar, one production per let: text to syntax. It never fails: what cannot be read becomes `Broken`
/// and a diagnostic.
module Freeze.Language.Parser

open FParsec
open Freeze.Language.Syntax
open Freeze.Language.Lexical

let private expression, private expressionRef =
    createParserForwardedToRef<Expression, State>()

// Expressions ------------------------------------------------------------------------------------------------

let private bracketed opening closing parser =
    skipString opening >>. nested true (spaces >>. parser .>> skipString closing)

let private commas parser = sepEndBy parser (symbol ",")

let private argument: Parser<Argument> =
    // A label has a space behind it and a value after that.
    let label =
        attempt (
            located word
            .>> skipAnyOf " \t\n"
            .>> spaces
            .>> notFollowedBy (anyOf "+-*/^.,)")
        )

    let labelled =
        label .>>. expression
        |>> fun (label, value) -> { Label = Some label; Content = value }

    labelled <|> (expression |>> fun value -> { Label = None; Content = value })

/// `sgd(lr 0.1)` is a call, `sgd (…)` two expressions.
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
            token (bracketed "[" "]" (commas expression) |>> Term.List)
            bracketed "(" ")" expression .>> spaces
        ]
    <?> "a value"

let private unary: Parser<Expression> =
    located (skipChar '-' >>. atom |>> Term.Negative) <|> atom <?> "a value"

/// Longer sums are a mistake or an attack; they would cost stack.
let private longestChain = 100

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
                    {
                        Value = Term.Binary(operator, left, right)
                        Span = Span.Join(left.Span, right.Span)
                    })
                first
            |> preturn

let private operator (text: string) (value: Operator) = symbol text >>% value <?> operatorLabel

/// A minus between values has a space behind it, or `3 -1` in a list of words would be 2.
let private minus =
    attempt (skipChar '-' >>. skipAnyOf " \t\n") >>. spaces >>% Operator.Minus
    <?> operatorLabel

let private power =
    unary .>>. opt ((symbol "^" <?> operatorLabel) >>. unary)
    |>> function
        | basis, None -> basis
        | basis, Some exponent ->
            {
                Value = Term.Binary(Operator.Power, basis, exponent)
                Span = Span.Join(basis.Span, exponent.Span)
            }

let private product =
    chain (operator "*" Operator.Times <|> operator "/" Operator.Over) power

let private sum = chain (operator "+" Operator.Plus <|> minus) product

let private range =
    sum .>>. opt ((symbol ".." <?> operatorLabel) >>. sum)
    |>> function
        | value, None -> value
        | first, Some last ->
            {
                Value = Term.Range(first, last)
                Span = Span.Join(first.Span, last.Span)
            }

expressionRef.Value <- range

let private phrase: Parser<Phrase> = many1 expression

// Rules ------------------------------------------------------------------------------------------------------

let private selector, private selectorRef =
    createParserForwardedToRef<Selector, State>()

let private layerWord = skipString "layers" <|> skipString "layer" .>> spaces

let private place: Parser<Select> =
    let counted word make =
        attempt (keyword word >>. sum .>> layerWord) |>> make

    let one = Term.Number(1m, NumberForm.Whole)

    choice
        [
            counted "first" Select.First
            attempt (keyword "last" .>> layerWord)
            |>> fun span -> Select.Last { Value = one; Span = span }
            counted "last" Select.Last
            attempt (keyword "layers" >>. sum .>> symbol ".." .>>. sum) |>> Select.Layers
            attempt (keyword "layer" >>. sum) |>> Select.Layer
        ]

let private selectorAtom: Parser<Selector> =
    (bracketed "(" ")" selector .>> spaces)
    <|> (token (place <|> (path |>> Select.Path))
         <?> "a selector (a part of the net, a kind, or rest)")

let private within =
    selectorAtom .>>. opt (keyword "in" >>. selectorAtom)
    |>> function
        | parts, None -> parts
        | parts, Some inside ->
            {
                Value = Select.In(parts, inside)
                Span = Span.Join(parts.Span, inside.Span)
            }

let private union =
    sepBy1 within (symbol ",")
    |>> function
        | [ only ] -> only
        | several ->
            {
                Value = Select.Union several
                Span = join several
            }

// `except` binds least: `conv except conv1, conv2` is without both.
selectorRef.Value <-
    union .>>. opt (keyword "except" >>. union)
    |>> function
        | parts, None -> parts
        | parts, Some without ->
            {
                Value = Select.Except(parts, without)
                Span = Span.Join(parts.Span, without.Span)
            }

let private verb: Parser<Verb> =
    choice
        [
            keyword "train" >>% Verb.Train
            keyword "fixed" >>% Verb.Fixed
            keyword "zero" >>% Verb.Zero
        ]
    <?> "an action (train, fixed or zero)"

let private amount: Parser<Amount> =
    sum .>>. (name <?> "what to count (filters, inputs, rows, columns or units)")
    |>> fun (count, dimension) -> { Count = count; Dimension = dimension }

let private action: Parser<Action> =
    located verb .>>. opt amount
    |>> fun (verb, amount) -> { Verb = verb; Amount = amount }

let private rule: Parser<StatementItem> =
    selector .>> (symbol ":" <?> "`:` and an action") .>>. action
    |>> StatementItem.Rule

/// Whether a `:` stands before the statement ends: no setting's value holds one, and every rule does.
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
    // A missing `}` is noticed at the end of the file: the message names the line where it was opened.
    getPosition .>> skipChar '{'
    >>= fun opened ->
        let close = skipChar '}' <?> $"`}}` for the `{{` in line {opened.Line}"
        nested false (statements broken item .>> close) .>> spaces

let private netPart, private netPartRef =
    createParserForwardedToRef<NetItem, State>()

let private netBody = block NetItem.Broken netPart

netPartRef.Value <-
    let label = attempt (name .>> symbol ":")

    let labelled =
        label
        >>= fun label ->
            (netBody |>> fun body -> NetItem.Block(label, body))
            <|> (phrase |>> fun phrase -> NetItem.Layer(Some label, phrase))

    let named = attempt (name .>> followedByString "{") .>>. netBody |>> NetItem.Block
    let plain = phrase |>> fun phrase -> NetItem.Layer(None, phrase)
    choice [ labelled; named; plain ] <?> "a layer"

let private statement, private statementRef =
    createParserForwardedToRef<StatementItem, State>()

let private caseStatement =
    keyword "case" >>. (name <?> "the case's name")
    .>>. block StatementItem.Broken statement
    |>> StatementItem.Case

let private letStatement =
    keyword "let" >>. (name <?> "the name to define") .>> symbol "=" .>>. expression
    |>> StatementItem.Let

/// `net name {`; without the brace it is the setting `net`.
let private netStatement =
    attempt (keyword "net" >>. name .>> followedByString "{") .>>. netBody
    |>> StatementItem.Net

let private setting = name .>>. phrase |>> StatementItem.Setting

statementRef.Value <-
    choice [ colonAhead >>. rule; caseStatement; letStatement; netStatement; setting ]
    <?> "a setting, a rule or a case"

let private file: Parser<Statement list> =
    fun stream ->
        let read = ResizeArray<Statement>()
        let mutable more = true

        while more do
            read.AddRange (statements StatementItem.Broken statement stream).Result
            more <- not stream.IsEndOfStream

            // Statements stop at a `}`, and here none is open.
            if more then
                let start = int stream.Index
                stream.Skip()
                let place = { Start = start; End = start + 1 }
                let stray = Diagnostic.syntax place "no `{` is open here"

                stream.UserState <-
                    { stream.UserState with
                        Diagnostics = stray :: stream.UserState.Diagnostics
                    }

        Reply(List.ofSeq read)

/// The statements of a text and what is wrong with them.
let parse (source: Source) : Statement list * Diagnostic list =
    match runParserOnString file State.Start source.Path source.Text with
    | Success(statements, state, _) ->
        // One missing brace is missed by every level that it closes.
        statements, state.Diagnostics |> List.rev |> List.distinctBy (fun d -> d.Code, d.Span.Start)
    | Failure(text, _, _) -> failwith $"the grammar recovers from every mistake, but not from this: {text}"
