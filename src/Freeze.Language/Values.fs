/// Expressions to values: names looked up, arithmetic done in exact decimals.
module Freeze.Language.Values

open System
open System.Collections.Generic
open Freeze.Language.Syntax

type Value = Located<Datum>

and [<RequireQualifiedAccess>] Datum =
    | Number of value: decimal * form: NumberForm
    | Word of string
    | Text of string
    | Size of rows: int * columns: int
    /// Its arguments are evaluated by whoever knows what they may be.
    | Call of callee: Name * arguments: Argument list

/// Where names are looked up while one run is made out.
type Scope(lets: Map<string, Expression>, choice: Span -> Expression option) =
    // A let is evaluated once, however often it is named: `let a = b + b` in a long row must not cost 2^n.
    let known = Dictionary<string, Result<Value, Diagnostic>>()
    let open' = HashSet<string>()

    member _.Names = lets |> Map.toSeq |> Seq.map fst

    /// The item of a list that this run has, where the list is one of its axes.
    member _.Choice span = choice span

    /// The value of a let, evaluated by `evaluate` when first asked for.
    member _.Let(name: string, span: Span, evaluate: Expression -> Result<Value, Diagnostic>) =
        match known.TryGetValue name, lets.TryFind name with
        | (true, value), _ -> Some value
        | _, None -> None
        // A hundred lets in a chain are a mistake, and would cost stack.
        | _, Some _ when open'.Contains name || open'.Count > 100 ->
            Some(Error(Diagnostic.refersToItself span name))
        | _, Some expression ->
            open'.Add name |> ignore
            let value = evaluate expression
            open'.Remove name |> ignore
            known[name] <- value
            Some value

let private isWhole (value: decimal) = value = Math.Truncate value

let private power (basis: decimal) (exponent: decimal) =
    if isWhole exponent && abs exponent <= 64m then
        let product = Seq.replicate (int (abs exponent)) basis |> Seq.fold (*) 1m
        if exponent < 0m then 1m / product else product
    else
        decimal (Math.Pow(float basis, float exponent))

let private arithmetic span operator (a: decimal, aForm) (b: decimal, bForm) =
    try
        let value =
            match operator with
            | Operator.Plus -> a + b
            | Operator.Minus -> a - b
            | Operator.Times -> a * b
            | Operator.Over -> a / b
            | Operator.Power -> power a b

        let whole = aForm = NumberForm.Whole && bForm = NumberForm.Whole && isWhole value
        Ok(Datum.Number(value, (if whole then NumberForm.Whole else NumberForm.Decimal)))
    with
    | :? DivideByZeroException -> Error(Diagnostic.divisionByZero span)
    | :? OverflowException -> Error(Diagnostic.outOfRange span "the result" "at most about 7.9e28")

/// The value of an expression in one run.
let rec evaluate (scope: Scope) (expression: Expression) : Result<Value, Diagnostic> =
    let here datum =
        {
            Value = datum
            Span = expression.Span
        }

    let chosen () =
        match scope.Choice expression.Span with
        | Some item -> evaluate scope item |> Result.map (fun value -> here value.Value)
        | None -> Error(Diagnostic.wrongValue expression.Span "a single value")

    match expression.Value with
    | Term.Number(value, form) -> Ok(here (Datum.Number(value, form)))
    | Term.Text text -> Ok(here (Datum.Text text))
    | Term.Size(rows, columns) -> Ok(here (Datum.Size(rows, columns)))
    | Term.Word word ->
        match scope.Let(word, expression.Span, evaluate scope) with
        | Some value -> value |> Result.map (fun value -> here value.Value)
        | None -> Ok(here (Datum.Word word))
    | Term.List _
    | Term.Range _ -> chosen ()
    | Term.Call(callee, arguments) -> Ok(here (Datum.Call(callee, arguments)))
    | Term.Negative inner ->
        number scope inner
        |> Result.map (fun (value, form) -> here (Datum.Number(-value, form)))
    | Term.Binary(operator, left, right) ->
        match number scope left, number scope right with
        | Ok a, Ok b -> arithmetic expression.Span operator a b |> Result.map here
        | Error e, _
        | _, Error e -> Error e

/// The value of an expression that must be a number.
and number (scope: Scope) (expression: Expression) : Result<decimal * NumberForm, Diagnostic> =
    match evaluate scope expression with
    | Ok { Value = Datum.Number(value, form) } -> Ok(value, form)
    | Ok { Value = Datum.Word word } -> Error(Diagnostic.unknownName expression.Span word scope.Names)
    | Ok _ -> Error(Diagnostic.wrongValue expression.Span "a number")
    | Error e -> Error e

/// A whole number between two bounds, both included.
let wholeBetween
    scope
    (least: int64)
    (most: int64)
    what
    (expression: Expression)
    : Result<int64, Diagnostic> =
    let range = $"a whole number from %d{least} to %d{most}"

    match number scope expression with
    | Ok(value, NumberForm.Whole) when value >= decimal least && value <= decimal most -> Ok(int64 value)
    | Ok(_, NumberForm.Whole) -> Error(Diagnostic.outOfRange expression.Span what range)
    | Ok _ -> Error(Diagnostic.wrongValue expression.Span range)
    | Error e -> Error e

/// A number between two bounds, both included.
let numberBetween
    scope
    (least: decimal)
    (most: decimal)
    what
    (expression: Expression)
    : Result<decimal, Diagnostic> =
    match number scope expression with
    | Ok(value, NumberForm.Factor) ->
        Error(Diagnostic.wrongValue expression.Span $"a number, not a factor ({value}x)")
    | Ok(value, _) when value >= least && value <= most -> Ok value
    | Ok _ -> Error(Diagnostic.outOfRange expression.Span what $"a number from {least} to {most}")
    | Error e -> Error e

/// One of the given words.
let oneOf scope what (known: string list) (expression: Expression) : Result<string, Diagnostic> =
    match evaluate scope expression with
    | Ok { Value = Datum.Word word } when List.contains word known -> Ok word
    | Ok { Value = Datum.Word word } -> Error(Diagnostic.unknownWord expression.Span what word known)
    | Ok _ -> Error(Diagnostic.wrongValue expression.Span $"""a {what}: {Suggest.list "or" 12 known}""")
    | Error e -> Error e
