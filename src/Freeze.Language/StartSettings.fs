/// `start from "pretrain.frz" on 0.4 at epoch 3`: the run that another run's weights start from.
module Freeze.Language.StartSettings

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.Vocabulary
open Freeze.Language.Forms

/// Where the base run is planned.
[<RequireQualifiedAccess>]
type BaseSource =
    /// A Freeze file.
    | File of path: string
    /// A case of this file.
    | Case of name: string

type StartFrom =
    {
        /// The span of the whole.
        Place: Span
        Source: Located<BaseSource>
        /// The base run's values on its axes, as shown in tables.
        On: string list
        Epoch: Located<int> option
    }

let private expected =
    "`from CASE` or `from \"FILE\"`, then perhaps `on VALUES` and `at epoch 3`"

let private source scope (value: Expression) : Result<Located<BaseSource>, Diagnostic> =
    evaluate scope value
    |> Result.bind (fun found ->
        match found.Value with
        | Datum.Text path -> Ok(at found.Span (BaseSource.File path))
        | Datum.Word name -> Ok(at found.Span (BaseSource.Case name))
        | _ -> Error(Diagnostic.wrongValue value.Span "a case of this file, or another file in quotes"))

let private onAxis scope (value: Expression) : Result<string, Diagnostic> =
    let number (value: decimal) =
        AxisValue.text (AxisValue.Number(float value))

    evaluate scope value
    |> Result.bind (fun found ->
        match found.Value with
        | Datum.Word word -> Ok word
        | Datum.Number(value, (NumberForm.Whole | NumberForm.Decimal)) -> Ok(number value)
        | Datum.Number(value, NumberForm.Percent) -> Ok(number (100m * value) + "%")
        | Datum.Number(value, NumberForm.Factor) -> Ok(number value + "x")
        | _ -> Error(Diagnostic.wrongValue value.Span "a value of an axis of that run"))

let private isWord word (expression: Expression) = expression.Value = Term.Word word

/// The words after `from`.
let private read scope (phrase: Phrase) : Result<StartFrom, Diagnostic> =
    let wrong () =
        Error(Diagnostic.wrongValue (join phrase) expected)

    match List.tail phrase with
    | [] -> wrong ()
    | named :: rest ->
        let on, rest =
            match rest with
            | first :: others when isWord "on" first ->
                match others |> List.tryFindIndex (isWord "at") with
                | Some i -> Some(List.take i others), List.skip i others
                | None -> Some others, []
            | _ -> None, rest

        let epoch =
            match rest with
            | [] -> Ok None
            | [ at'; epoch; number ] when isWord "at" at' && isWord "epoch" epoch ->
                wholeBetween scope 1L 100_000L "the epoch" number
                |> Result.map (fun value -> Some(at number.Span (int value)))
            | _ -> wrong ()

        match on with
        | Some [] -> wrong ()
        | _ ->
            both
                (source scope named)
                (both (on |> Option.defaultValue [] |> List.map (onAxis scope) |> all) epoch)
            |> Result.map (fun (source, (on, epoch)) ->
                {
                    Place = join phrase
                    Source = source
                    On = on
                    Epoch = epoch
                })

let start =
    [
        entry "random" "random" "at random, by `init`"
        entry
            "from"
            "from before"
            "as the run of this case left them, or of another file, `from \"other.frz\"`; then perhaps `on VALUES` and `at epoch 3`"
    ]
    |> ofWords expected (fun scope phrase words ->
        match words with
        | [ "random" ] -> Some(Ok None)
        | "from" :: _ -> Some(read scope phrase |> Result.map Some)
        | _ -> None)
    |> setting
        "start"
        "random"
        None
        "where all weights start: at random, or as another run left them: from CASE, from \"FILE\" on VALUES at epoch 3"
