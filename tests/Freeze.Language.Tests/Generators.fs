/// Random syntax: every statement, net part, selector and expression that a text can say, with no places.
module Freeze.Language.Tests.Generators

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open Freeze.Language
open Freeze.Language.Syntax

let private at (value: 'T) : Located<'T> =
    {
        Value = value
        Span = { Start = 0; End = 0 }
    }

let private located (generator: Gen<'T>) : Gen<Located<'T>> = Gen.map at generator

let private several least most generator =
    gen {
        let! count = Gen.choose (least, most)
        return! Gen.listOfLength count generator
    }

// Words ------------------------------------------------------------------------------------------------------

/// Words that mean something in one place may be names in others.
let private spoken =
    "in except on from first last stage train fixed rest all lr decay ridge init at least random spread
     largest until stats frozen epoch epochs after repeat residual dense shortcut block let net case report
     import expect ensemble profile names conv bn linear filters x e"
        .Split([| ' '; '\n' |], StringSplitOptions.RemoveEmptyEntries)

let private plainName =
    let letter = Gen.elements [ 'a' .. 'f' ]
    let inner = Gen.elements ([ 'a' .. 'f' ] @ [ '0'; '7'; '_' ])

    Gen.oneof
        [
            letter |> Gen.map string
            Gen.map3 (fun a b c -> $"{a}{b}{c}") letter inner inner
            Gen.map3 (fun a b c -> $"{a}-{b}-{c}") letter inner inner
            Gen.map (fun a -> $"_{a}") inner
        ]

let private word = Gen.frequency [ 3, plainName; 1, Gen.elements spoken ]
let private name = located word

let private quoted =
    Gen.elements [ ""; "a b"; "weights.safetensors"; "# { ( : ;"; "a, b]"; "Table 1" ]

let private path =
    Gen.frequency
        [
            3, word
            1, Gen.elements [ "block*.conv2"; "*"; "a.b"; "a.*.c-1"; "*x"; "block1.unit-2.bn" ]
        ]

let private unit = Gen.elements (Vocabulary.names Vocabulary.units)

// Expressions ------------------------------------------------------------------------------------------------

let private number =
    let digits = Gen.choose (0, 999) |> Gen.map decimal

    let fraction =
        Gen.map2 (fun a b -> a / decimal (pown 10 b)) digits (Gen.choose (0, 6))

    Gen.oneof
        [
            digits |> Gen.map (fun value -> value, NumberForm.Whole)
            fraction |> Gen.map (fun value -> value, NumberForm.Decimal)
            fraction |> Gen.map (fun value -> value / 100m, NumberForm.Percent)
            fraction |> Gen.map (fun value -> value, NumberForm.Factor)
        ]
    |> Gen.map Term.Number

let private operator =
    Gen.elements [ Operator.Plus; Operator.Minus; Operator.Times; Operator.Over; Operator.Power ]

/// `texts`: a rule's selector cannot hold one.
let rec private term (texts: bool) (size: int) : Gen<Term> =
    let leaf =
        Gen.frequency
            [
                4, number
                4, word |> Gen.map Term.Word
                1,
                Gen.map2
                    (fun rows columns -> Term.Size(rows, columns))
                    (Gen.choose (0, 12))
                    (Gen.choose (0, 12))
                if texts then
                    1, quoted |> Gen.map Term.Text
            ]

    if size <= 0 then
        leaf
    else
        let smaller = expression texts (size / 2)

        let argument =
            Gen.map2
                (fun label content -> { Label = label; Content = content })
                (Gen.optionOf name)
                (expression texts (size / 3))

        Gen.frequency
            [
                3, leaf
                1, Gen.map2 (fun callee arguments -> Term.Call(callee, arguments)) name (several 0 4 argument)
                1, several 0 5 (item texts (size / 3)) |> Gen.map Term.List
                1, several 2 4 (item texts (size / 3)) |> Gen.map Term.Tuple
                1, Gen.map2 (fun first last -> Term.Range(first, last)) smaller smaller
                1, smaller |> Gen.map Term.Negative
                4, Gen.map3 (fun operator a b -> Term.Binary(operator, a, b)) operator smaller smaller
            ]

and private expression texts size : Gen<Expression> = located (term texts size)

/// A value that may say what it counts.
and private item texts size : Gen<Expression> =
    let counted =
        Gen.map2 (fun count unit -> Term.Amount(count, at unit)) (expression texts size) unit

    Gen.frequency [ 4, expression texts size; 1, located counted ]

let private phrase size = several 1 4 (expression true size)

// Rules ------------------------------------------------------------------------------------------------------

let rec private select (size: int) : Gen<Select> =
    let value = expression false (size / 2)

    let leaf =
        Gen.frequency
            [
                6, path |> Gen.map Select.Path
                1, Gen.constant Select.LastStage
                1, name |> Gen.map Select.Each
                1, value |> Gen.map Select.First
                1, value |> Gen.map Select.Last
                1, Gen.constant (Select.Last(at (Term.Number(1m, NumberForm.Whole))))
                1, value |> Gen.map Select.Layer
                1, value |> Gen.map Select.Stage
                1, Gen.map2 (fun first last -> Select.Layers(first, last)) value value
            ]

    if size <= 0 then
        leaf
    else
        let smaller = located (select (size / 2))

        Gen.frequency
            [
                3, leaf
                1, several 2 4 (located (select (size / 3))) |> Gen.map Select.Union
                1, Gen.map2 (fun parts inside -> Select.In(parts, inside)) smaller smaller
                1, Gen.map2 (fun parts without -> Select.Except(parts, without)) smaller smaller
            ]

let private modifier size =
    let value = expression true size

    let one (entry: Vocabulary.Entry, operand) : Gen<Modifier> =
        match operand with
        | Phrases.Operand.Nothing -> Gen.constant None
        | Phrases.Operand.Value -> value |> Gen.map Some
        | Phrases.Operand.File -> located quoted |> Gen.map (fun path -> Some(at (Term.Text path.Value)))
        |> Gen.map (fun value -> { Words = entry.Name; Value = value })

    Phrases.modifierTable |> List.map one |> Gen.oneof

let private action size =
    let amount =
        Gen.map2 (fun count dimension -> { Count = count; Dimension = dimension }) (expression true size) name

    Gen.map3
        (fun verb amount modifiers ->
            {
                Verb = verb
                Amount = amount
                Modifiers = modifiers
            })
        (located (Gen.elements [ Verb.Train; Verb.Fixed; Verb.Zero; Verb.Solve ]))
        (Gen.optionOf amount)
        (several 0 3 (located (modifier size)))

// Nets -------------------------------------------------------------------------------------------------------

let private parameters size =
    several
        0
        3
        (Gen.map2
            (fun name value -> { Name = name; Default = value })
            name
            (Gen.optionOf (expression true size)))

let private definition name parameters body : Definition =
    {
        Name = name
        Parameters = parameters
        Body = body
    }

let private nameLine: Gen<NameLine option> =
    Gen.map2 (fun parts name -> Some { Parts = parts; Name = name }) (located path) (located quoted)

let rec private netItem (size: int) : Gen<NetItem> =
    let leaf =
        Gen.frequency
            [
                4,
                Gen.map2
                    (fun label phrase -> NetItem.Layer(label, phrase))
                    (Gen.optionOf name)
                    (phrase (size / 2))
                1, Gen.map2 (fun name value -> NetItem.Let(name, value)) name (item true (size / 2))
                1, expression true (size / 2) |> Gen.map NetItem.EndStage
                1,
                Gen.map2
                    (fun publishers lines -> NetItem.Names(publishers, lines))
                    (several 1 2 name)
                    (several 0 3 (located nameLine))
            ]

    if size <= 0 then
        leaf
    else
        let body = body (size / 3)
        let value = expression true (size / 3)
        let label = Gen.optionOf name

        let shortcut =
            Gen.map2 (fun from body -> { From = from; Body = body }) (Gen.optionOf name) body

        Gen.frequency
            [
                4, leaf
                1, Gen.map2 (fun label body -> NetItem.Block(label, body)) name body
                1,
                Gen.map4
                    (fun label turn count body -> NetItem.Repeat(label, turn, count, body))
                    label
                    (Gen.optionOf name)
                    value
                    body
                1,
                Gen.map3
                    (fun label body shortcut -> NetItem.Residual(label, body, shortcut))
                    label
                    body
                    (Gen.optionOf shortcut)
                1, Gen.map2 (fun label body -> NetItem.Dense(label, body)) label body
                1, Gen.map2 (fun number body -> NetItem.Stage(number, body)) value body
                1,
                Gen.map3
                    (fun name parameters body -> NetItem.Define(definition name parameters body))
                    name
                    (parameters (size / 3))
                    body
            ]

and private body size = several 0 4 (located (netItem size))

// Statements -------------------------------------------------------------------------------------------------

/// No setting and no draw begins with these.
let private beginnings =
    [ "case"; "profile"; "let"; "import"; "ensemble"; "expect" ]

let private settingName =
    name |> Gen.filter (fun name -> not (List.contains name.Value beginnings))

let private reportLine =
    let word =
        Gen.oneof
            [
                plainName
                Gen.elements [ "|w|"; "(log)"; "2000"; "0.5"; "10%"; ">"; "<"; "stage"; "by" ]
            ]

    let part = several 1 3 (located word)

    Gen.map2 (fun kind parts -> Some { Kind = kind; Parts = parts }) name (several 0 3 part)

let rec private statementItem (size: int) : Gen<StatementItem> =
    let value = expression true size

    let on =
        let amount =
            Gen.map2 (fun number unit -> Term.Amount(at number, at unit)) number unit

        Gen.frequency [ 4, expression true (size / 3); 1, located amount ]

    let published =
        Gen.map2 (fun value on -> { Value = value; On = on }) (expression true (size / 2)) (several 0 3 on)

    // `from` begins a source, so it is no word of a measure.
    let measure = several 1 3 (name |> Gen.filter (fun word -> word.Value <> "from"))

    let publishedLine =
        let values = several 1 3 on
        let cell = expression true (size / 3) |> Gen.optionOf

        Gen.oneof
            [
                several 1 3 values |> Gen.map PublishedLine.Columns
                Gen.map2 (fun on values -> PublishedLine.Row(on, values)) values (several 1 3 cell)
            ]

    let leaf =
        Gen.oneof
            [
                Gen.map3
                    (fun measure source lines -> StatementItem.ExpectTable(measure, source, lines))
                    measure
                    (Gen.optionOf (located quoted))
                    (several 0 3 (located publishedLine))
                Gen.map2 (fun name phrase -> StatementItem.Setting(name, phrase)) settingName (phrase size)
                Gen.map2 (fun name value -> StatementItem.Let(name, value)) name (item true size)
                Gen.map2 (fun names items -> StatementItem.Together(names, items)) (several 1 3 name) value
                Gen.map2 (fun name value -> StatementItem.Draw(name, value)) settingName value
                Gen.map2
                    (fun selector action -> StatementItem.Rule(selector, action))
                    (located (select size))
                    (action (size / 2))
                located quoted |> Gen.map StatementItem.Import
                Gen.map3
                    (fun measure values source -> StatementItem.Expect(measure, values, source))
                    measure
                    (several 1 3 published)
                    (Gen.optionOf (located quoted))
                several 0 3 (located reportLine) |> Gen.map StatementItem.Report
            ]

    if size <= 0 then
        leaf
    else
        let body = statements (size / 3)

        Gen.frequency
            [
                6, leaf
                1, Gen.map2 (fun name body -> StatementItem.Case(name, body)) name body
                1, Gen.map2 (fun name body -> StatementItem.Profile(name, body)) name body
                1,
                Gen.map3
                    (fun name parameters body -> StatementItem.Net(definition name parameters body))
                    name
                    (parameters (size / 3))
                    (several 0 4 (located (netItem (size / 2))))
                1, Gen.map2 (fun number body -> StatementItem.Stage(number, body)) value body
                1,
                Gen.map3
                    (fun members after body -> StatementItem.Ensemble(members, after, body))
                    value
                    value
                    body
            ]

and private statements size : Gen<Statement list> =
    several 0 4 (located (statementItem size))

/// How often a law is tried: FREEZE_CASES times, or as often as takes some seconds.
let cases (usual: int) : FsCheckConfig =
    let count =
        match Int32.TryParse(Environment.GetEnvironmentVariable "FREEZE_CASES") with
        | true, count when count > 0 -> count
        | _ -> usual

    { FsCheckConfig.defaultConfig with
        maxTest = count
    }

/// A file's statements.
let file: Gen<Statement list> = Gen.sized (fun size -> statements (min size 24))
