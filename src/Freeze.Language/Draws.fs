/// `name ~ expression`: a draw depends only on the seed, the name and the candidate, so another axis or setting does not change
/// it.
module Freeze.Language.Draws

open System
open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values

/// A distribution that `~` names.
[<RequireQualifiedAccess>]
type Distribution =
    | Normal of mean: float * deviation: float
    | Uniform of least: float * most: float
    | LogUniform of least: float * most: float
    /// The index of one of `count` values.
    | Choice of count: int

/// Identifies a draw. Candidate 0 is the unperturbed start, with every distribution at its centre. Stages count from 1; 0 is the
/// whole run. In a grid, Chosen gives the index from 0 of each name's value.
type Candidate =
    {
        Stage: int
        Number: int
        Chosen: Map<string, int>
    }

let unperturbed =
    {
        Stage = 0
        Number = 0
        Chosen = Map.empty
    }

let private centre distribution =
    match distribution with
    | Distribution.Normal(mean, _) -> mean
    | Distribution.Uniform(least, most) -> (least + most) / 2.0
    | Distribution.LogUniform(least, most) -> sqrt (least * most)
    | Distribution.Choice _ -> 0.0

/// A double in (0, 1), made of 53 random bits.
let private unit key index =
    (float (RandomStream.Bits(key, index) >>> 11) + 0.5) / 9007199254740992.0

let private draw key index distribution =
    let even = unit key (2L * index)

    match distribution with
    // Box and Muller 1958.
    | Distribution.Normal(mean, deviation) ->
        let radius = sqrt (-2.0 * log even)
        mean + deviation * radius * cos (2.0 * Math.PI * unit key (2L * index + 1L))
    | Distribution.Uniform(least, most) -> least + (most - least) * even
    | Distribution.LogUniform(least, most) -> least * Math.Pow(most / least, even)
    | Distribution.Choice count -> floor (even * float count)

/// The values that a candidate draws for a name, one per call.
let private drawing (seed: int64) (candidate: Candidate) (name: string) : Distribution -> float =
    match Map.tryFind name candidate.Chosen with
    | Some index -> fun _ -> float index
    | None when candidate.Number = 0 -> centre
    | None ->
        let key =
            RandomStream.Key(seed, $"draw of {name}, stage {candidate.Stage}, candidate {candidate.Number}")

        let mutable index = -1L

        fun distribution ->
            index <- index + 1L
            draw key index distribution

let private isDraw (callee: Name) =
    Vocabulary.names Vocabulary.draws |> List.contains callee.Value

/// All distributions in an expression, with their numbers of arguments.
let private distributions (expression: Expression) : (string * int) list =
    Walk.expressions expression
    |> Seq.choose (fun inner ->
        match inner.Value with
        | Term.Call(callee, arguments) when isDraw callee -> Some(callee.Value, arguments.Length)
        | _ -> None)
    |> List.ofSeq

/// How many values a draw in a grid can take.
let options (expression: Expression) : Result<int, Diagnostic> =
    match distributions expression with
    | [ "choice", count ] when count > 0 -> Ok count
    | _ ->
        Error(
            Diagnostic.wrongValue expression.Span "one `choice(A, B, …)`, since a grid tries all its values"
        )

/// The index of each draw's value in a candidate of a grid: the last draw changes fastest.
let chosen (draws: (string * int) list) (number: int) : Map<string, int> =
    List.foldBack
        (fun (name, count) (left, chosen) -> left / count, Map.add name (left % count) chosen)
        draws
        (number, Map.empty)
    |> snd

let private distribution scope span (callee: string) (arguments: Argument list) =
    let labelled = arguments |> List.exists _.Label.IsSome

    let numbers =
        arguments
        |> List.map (fun argument -> number scope argument.Content |> Result.map (fst >> float))
        |> all

    let usage = Vocabulary.usage Vocabulary.draws callee

    match callee, numbers with
    | _, Error e -> Error e
    | _ when labelled -> Error(Diagnostic.wrongValue span $"`{usage}`")
    | "normal", Ok [ mean; deviation ] when deviation >= 0.0 -> Ok(Distribution.Normal(mean, deviation))
    | "uniform", Ok [ least; most ] when least <= most -> Ok(Distribution.Uniform(least, most))
    | "log-uniform", Ok [ least; most ] when 0.0 < least && least <= most ->
        Ok(Distribution.LogUniform(least, most))
    | _ -> Error(Diagnostic.wrongValue span $"`{usage}`")

let private constant span (value: float) =
    if Double.IsFinite value && abs value < 7e28 then
        Ok(Term.Number(decimal value, NumberForm.Decimal))
    else
        Error(Diagnostic.outOfRange span "the draw" "a number of at most about 7e28")

/// The expression with each distribution replaced by a drawn value, in the order of the text.
let rec private replace scope next (expression: Expression) : Result<Expression, Diagnostic> =
    let inner = replace scope next

    let same result =
        result |> Result.map (at expression.Span)

    match expression.Value with
    | Term.Call({ Value = "choice" }, arguments) when
        not arguments.IsEmpty && arguments |> List.forall _.Label.IsNone
        ->
        let index = next (Distribution.Choice arguments.Length) |> int
        inner arguments[index].Content
    | Term.Call(callee, arguments) when isDraw callee ->
        distribution scope expression.Span callee.Value arguments
        |> Result.bind (next >> constant expression.Span)
        |> same
    | Term.Call(callee, arguments) ->
        arguments
        |> List.map (fun argument ->
            inner argument.Content
            |> Result.map (fun content -> { argument with Content = content }))
        |> all
        |> Result.map (fun arguments -> Term.Call(callee, arguments))
        |> same
    | Term.Negative value -> inner value |> Result.map Term.Negative |> same
    | Term.Binary(operator, left, right) ->
        both (inner left) (inner right)
        |> Result.map (fun (left, right) -> Term.Binary(operator, left, right))
        |> same
    | _ -> Ok expression

/// The value of a drawn expression for a candidate, as a constant at the same place.
let resolve
    (scope: Scope)
    seed
    candidate
    (name: string)
    (expression: Expression)
    : Result<Expression, Diagnostic> =
    replace scope (drawing seed candidate name) expression
    |> Result.bind (evaluate scope)
    |> Result.bind (fun value ->
        match value.Value with
        | Datum.Number(number, form) -> Ok(Term.Number(number, form))
        | Datum.Word word -> Ok(Term.Word word)
        | _ -> Error(Diagnostic.wrongValue expression.Span "a number or a word"))
    |> Result.map (at expression.Span)
