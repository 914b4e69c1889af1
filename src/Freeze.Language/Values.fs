/// Evaluates expressions: looks up names, computes in exact decimals.
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
    /// `1 filter`
    | Amount of value: decimal * form: NumberForm * unit: string
    | Tuple of Expression list
    /// Its arguments are evaluated by the code that knows what they may be.
    | Call of callee: Name * arguments: Argument list

/// Where names are looked up when one run is worked out.
type Scope
    (
        lets: Map<string, Expression>,
        choice: Span -> Expression option,
        local: string -> Datum option,
        outer: Scope option
    ) =
    // A let is evaluated once, however often it is named: `let a = b + b` in a long chain must not cost 2^n.
    let known = Dictionary<string, Result<Value, Diagnostic>>()
    let open' = HashSet<string>()

    /// The scope of one run of a file.
    new(lets, choice) = Scope(lets, choice, (fun _ -> None), None)

    /// A scope without names.
    static member Empty = Scope(Map.empty, (fun _ -> None))

    /// Local names, such as a block's parameters, take precedence over the names outside.
    member this.Inside(local: string -> Datum option) =
        Scope(Map.empty, choice, local, Some this)

    member _.Names: string seq =
        match outer with
        | Some outer -> outer.Names
        | None -> Map.keys lets

    /// The item of a list that this run has chosen, if the list is one of its axes.
    member _.Choice span = choice span

    /// The value of a name that is defined here or outside, if any.
    member this.Find(name: string, span: Span, evaluate: Scope -> Expression -> Result<Value, Diagnostic>) =
        match local name, outer with
        | Some datum, _ -> Some(Ok { Value = datum; Span = span })
        | None, Some outer -> outer.Find(name, span, evaluate)
        | None, None ->
            match known.TryGetValue name, lets.TryFind name with
            | (true, value), _ -> Some value
            | _, None -> None
            // A chain of a hundred lets is a mistake, and would exhaust the stack.
            | _, Some _ when open'.Contains name || open'.Count > 100 ->
                Some(Error(Diagnostic.refersToItself span name))
            | _, Some expression ->
                open'.Add name |> ignore
                let value = evaluate this expression
                open'.Remove name |> ignore
                known[name] <- value
                Some value

/// Both values, or the first error.
let both (a: Result<'A, Diagnostic>) (b: Result<'B, Diagnostic>) : Result<'A * 'B, Diagnostic> =
    match a, b with
    | Ok a, Ok b -> Ok(a, b)
    | Error e, _
    | _, Error e -> Error e

/// All values, or the first error.
let all (results: Result<'T, Diagnostic> list) : Result<'T list, Diagnostic> =
    List.foldBack
        (fun result rest ->
            match result, rest with
            | Ok value, Ok values -> Ok(value :: values)
            | Error e, _
            | _, Error e -> Error e)
        results
        (Ok [])

let private isWhole (value: decimal) = value = Math.Truncate value

let private power (basis: decimal) (exponent: decimal) =
    if isWhole exponent && abs exponent <= 64m then
        let product = Seq.replicate (int (abs exponent)) basis |> Seq.fold (*) 1m
        if exponent < 0m then 1m / product else product
    else
        decimal (Math.Pow(float basis, float exponent))

/// A nonzero result that rounds to 0: decimals end at 1e-28.
exception private Underflow

let private guarded span compute =
    let outside = Diagnostic.outOfRange span "the result" >> Error

    try
        Ok(compute ())
    with
    | :? DivideByZeroException -> Error(Diagnostic.divisionByZero span)
    | :? OverflowException -> outside "a number of at most about 7.9e28"
    | Underflow -> outside "0, or a number of at least 1e-28"

let private orUnderflow isZero (value: decimal) =
    if value = 0m && not isZero then raise Underflow else value

let private ofResult (value: decimal) form =
    Datum.Number(
        value,
        (if form = NumberForm.Whole && not (isWhole value) then
             NumberForm.Decimal
         else
             form)
    )

/// The number form that an operator gives for two forms, if they are compatible: the table in docs/language.md.
let formOf (operator: Operator) (a: NumberForm) (b: NumberForm) : NumberForm option =
    match operator, a, b with
    | (Operator.Plus | Operator.Minus), NumberForm.Factor, NumberForm.Factor -> Some NumberForm.Factor
    | (Operator.Plus | Operator.Minus), NumberForm.Factor, _
    | (Operator.Plus | Operator.Minus), _, NumberForm.Factor
    | Operator.Power, _, NumberForm.Factor -> None
    | _, NumberForm.Factor, _
    | _, _, NumberForm.Factor -> Some NumberForm.Factor
    | Operator.Power, NumberForm.Percent, _ -> Some NumberForm.Percent
    | Operator.Power, _, NumberForm.Percent -> Some NumberForm.Decimal
    | _, NumberForm.Percent, _
    | _, _, NumberForm.Percent -> Some NumberForm.Percent
    | _, NumberForm.Whole, NumberForm.Whole -> Some NumberForm.Whole
    | _ -> Some NumberForm.Decimal

let private arithmetic span operator (a: decimal, aForm) (b: decimal, bForm) =
    match formOf operator aForm bForm with
    | None when operator = Operator.Power ->
        Error(Diagnostic.wrongValue span "an exponent that is not a factor")
    | None ->
        Error(
            Diagnostic.wrongValue
                span
                "two factors, or two numbers: `0.1x` multiplies the value that would otherwise apply"
        )
    | Some form ->
        guarded span (fun () ->
            let value =
                match operator with
                | Operator.Plus -> a + b
                | Operator.Minus -> a - b
                | Operator.Times -> a * b |> orUnderflow (a = 0m || b = 0m)
                | Operator.Over -> a / b |> orUnderflow (a = 0m)
                | Operator.Power -> power a b |> orUnderflow (a = 0m)

            ofResult value form)

/// A function of one or two numbers. A factor is rejected, since the result would be of another kind.
let private apply span name (arguments: (decimal * NumberForm) list) =
    let factors = arguments |> List.filter (snd >> (=) NumberForm.Factor) |> List.length

    let keepsFactors =
        name = "abs"
        || (List.contains name [ "min"; "max" ] && factors = arguments.Length)

    let real compute (value: decimal) =
        // A result that is NaN or too large for a decimal overflows.
        let result: float = compute (float value)
        Datum.Number(decimal result |> orUnderflow (result = 0.0), NumberForm.Decimal)

    if factors > 0 && not keepsFactors then
        Error(
            Diagnostic.wrongValue
                span
                $"numbers in `{name}`: `0.1x` multiplies the value that would otherwise apply"
        )
    else
        guarded span (fun () ->
            match name, arguments with
            | "exp", [ a, _ ] -> real exp a
            | "log", [ a, _ ] -> real log a
            | "log10", [ a, _ ] -> real log10 a
            | "sqrt", [ a, _ ] -> real sqrt a
            | "floor", [ a, _ ] -> Datum.Number(floor a, NumberForm.Whole)
            | "ceil", [ a, _ ] -> Datum.Number(ceil a, NumberForm.Whole)
            | "abs", [ a, form ] -> Datum.Number(abs a, form)
            | "min", [ a; b ] -> Datum.Number(min a b)
            | "max", [ a; b ] -> Datum.Number(max a b)
            | _ -> failwith $"the table of functions has {name}, and nothing computes it")

/// The value of an expression in one run.
let rec evaluate (scope: Scope) (expression: Expression) : Result<Value, Diagnostic> =
    let here datum = at expression.Span datum

    let moved value =
        value |> Result.map (fun (value: Value) -> here value.Value)

    match expression.Value with
    | Term.Number(value, form) -> Ok(here (Datum.Number(value, form)))
    | Term.Text text -> Ok(here (Datum.Text text))
    | Term.Size(rows, columns) -> Ok(here (Datum.Size(rows, columns)))
    | Term.Tuple items -> Ok(here (Datum.Tuple items))
    | Term.Word word ->
        match scope.Find(word, expression.Span, evaluate) with
        | Some value -> moved value
        | None -> Ok(here (Datum.Word word))
    | Term.List _
    | Term.Amount({ Value = Term.Range _ }, _)
    | Term.Range _ ->
        match scope.Choice expression.Span with
        // Evaluated at the item, so that an error is reported there.
        | Some item -> evaluate scope item
        | None -> Error(Diagnostic.wrongValue expression.Span "a single value")
    | Term.Amount(count, unit) ->
        number scope count
        |> Result.map (fun (value, form) -> here (Datum.Amount(value, form, unit.Value)))
    | Term.Part(index, items) ->
        match evaluate scope items with
        | Ok { Value = Datum.Tuple values } when index < values.Length -> evaluate scope values[index]
        | Ok value -> Error(Diagnostic.wrongValue value.Span "as many values in brackets as there are names")
        | Error e -> Error e
    | Term.Call(callee, arguments) when Vocabulary.functions |> List.exists (fst >> (=) callee.Value) ->
        call scope expression.Span callee arguments |> Result.map here
    | Term.Call(callee, arguments) -> Ok(here (Datum.Call(callee, arguments)))
    | Term.Negative inner ->
        number scope inner
        |> Result.map (fun (value, form) -> here (Datum.Number(-value, form)))
    | Term.Binary(operator, left, right) ->
        both (number scope left) (number scope right)
        |> Result.bind (fun (a, b) -> arithmetic expression.Span operator a b)
        |> Result.map here

/// The value of an expression that must be a number.
and number (scope: Scope) (expression: Expression) : Result<decimal * NumberForm, Diagnostic> =
    match evaluate scope expression with
    | Ok { Value = Datum.Number(value, form) } -> Ok(value, form)
    | Ok { Value = Datum.Word word } -> Error(Diagnostic.unknownName expression.Span word scope.Names)
    | Ok { Value = Datum.Call(callee, _) } ->
        let draws = Vocabulary.names Vocabulary.draws

        Error(
            if List.contains callee.Value draws then
                Diagnostic.drawOutside callee.Span callee.Value
            else
                (Vocabulary.functions |> List.map fst) @ draws
                |> Diagnostic.unknownWord callee.Span "function" callee.Value
        )
    | Ok { Value = Datum.Amount(_, _, unit) } ->
        let unit =
            Vocabulary.tryDimension unit |> Option.map _.Word |> Option.defaultValue unit

        Error(Diagnostic.wrongValue expression.Span $"a number, not one that counts {unit}")
    | Ok _ -> Error(Diagnostic.wrongValue expression.Span "a number")
    | Error e -> Error e

and private call scope span callee arguments =
    let wanted = Vocabulary.functions |> List.find (fst >> (=) callee.Value) |> snd

    arguments
    |> List.map (fun argument -> number scope argument.Content)
    |> all
    |> Result.bind (fun values ->
        if values.Length <> wanted || arguments |> List.exists _.Label.IsSome then
            let shape = if wanted = 1 then "one number" else $"{wanted} numbers"
            Error(Diagnostic.wrongValue span $"`{callee.Value}` of {shape}")
        else
            apply span callee.Value values)

/// The place of an expression's value: for a list, the item that this run has.
let rec place (scope: Scope) (expression: Expression) : Span =
    match expression.Value with
    | Term.List _ ->
        scope.Choice expression.Span
        |> Option.map (place scope)
        |> Option.defaultValue expression.Span
    | _ -> expression.Span

/// A whole number between two bounds, inclusive.
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
    | Ok(_, NumberForm.Whole) -> Error(Diagnostic.outOfRange (place scope expression) what range)
    | Ok _ -> Error(Diagnostic.wrongValue (place scope expression) range)
    | Error e -> Error e

/// A number between two bounds, inclusive.
let numberBetween
    scope
    (least: decimal)
    (most: decimal)
    what
    (expression: Expression)
    : Result<decimal, Diagnostic> =
    match number scope expression with
    | Ok(value, NumberForm.Factor) ->
        Error(Diagnostic.wrongValue (place scope expression) $"a number, not a factor ({value}x)")
    | Ok(value, _) when value >= least && value <= most -> Ok value
    | Ok _ -> Error(Diagnostic.outOfRange (place scope expression) what $"a number from {least} to {most}")
    | Error e -> Error e
