/// Kinds of values and the ways to write them. Each is described once, for the reader, for messages and for editors (hover,
/// completion).
module Freeze.Language.Forms

open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.Vocabulary

/// What a setting or a parameter takes.
type Kind<'T> =
    {
        /// As in messages: `a whole number from 1 to 65536`.
        Expected: string
        /// The notations that begin with a word.
        Entries: Entry list
        Read: Scope -> Phrase -> Result<'T, Diagnostic>
    }

/// A kind whose values are single expressions.
let private ofOne expected entries (read: Scope -> Expression -> Result<'T, Diagnostic>) : Kind<'T> =
    {
        Expected = expected
        Entries = entries
        Read =
            fun scope phrase ->
                match phrase with
                | [ only ] -> read scope only
                | _ -> Error(Diagnostic.wrongValue (join phrase) expected)
    }

let map (change: 'T -> 'U) (kind: Kind<'T>) : Kind<'U> =
    {
        Expected = kind.Expected
        Entries = kind.Entries
        Read = fun scope phrase -> kind.Read scope phrase |> Result.map change
    }

/// A whole number between two bounds, inclusive; `what` names it in messages.
let whole (least: int64) (most: int64) what : Kind<int64> =
    ofOne $"a whole number from %d{least} to %d{most}" [] (fun scope -> wholeBetween scope least most what)

/// A whole number as an `int`.
let count least most what = whole least most what |> map int

let number (least: decimal) (most: decimal) what : Kind<float> =
    ofOne $"a number from {least} to {most}" [] (fun scope -> numberBetween scope least most what)
    |> map float

/// A factor above 0.
let factor: Kind<float> =
    let expected = "a factor, such as `0.1x`"

    ofOne expected [] (fun scope expression ->
        match Values.number scope expression with
        | Ok(value, NumberForm.Factor) when value > 0m && value <= 1000m -> Ok(float value)
        | Ok _ -> Error(Diagnostic.wrongValue expression.Span expected)
        | Error e -> Error e)

/// A number from 0 up to, but not including, 1.
let belowOne what : Kind<float> =
    let expected = "a number from 0 to 1, and less than 1"

    ofOne expected [] (fun scope expression ->
        numberBetween scope 0m 1m what expression
        |> Result.bind (fun value ->
            if value < 1m then
                Ok(float value)
            else
                Error(Diagnostic.outOfRange expression.Span what expected)))

/// The same kind with additional notations.
let written entries (kind: Kind<'T>) =
    { kind with
        Entries = kind.Entries @ entries
    }

/// One way to write a value: a word or a call.
type Form<'T> =
    {
        Entry: Entry
        Read: Scope -> Calls.Call -> Result<'T, Diagnostic>
    }

let called name usage meaning read : Form<'T> =
    {
        Entry = entry name usage meaning
        Read = read
    }

let withoutArguments (value: unit -> 'T) _ (call: Calls.Call) =
    match call.Arguments with
    | [] -> Ok(value ())
    | first :: _ -> Error(Diagnostic.wrongValue first.Content.Span $"`{call.Callee.Value}` without brackets")

let word name meaning (value: 'T) : Form<'T> =
    called name name meaning (withoutArguments (fun () -> value))

/// A call with one value.
let ofValue name usage meaning (kind: Kind<'T>) : Form<'T> =
    called name usage meaning (fun scope call ->
        match call.Arguments with
        | [ { Label = None; Content = value } ] -> kind.Read scope [ value ]
        | _ -> Error(Diagnostic.wrongValue call.Callee.Span $"`{usage}`"))

/// A call with two values; `expected` is the message for other numbers of values.
let ofPair name usage meaning expected read : Form<'T> =
    called name usage meaning (fun scope call ->
        match call.Arguments with
        | [ { Label = None; Content = a }; { Label = None; Content = b } ] -> read scope call a b
        | _ -> Error(Diagnostic.wrongValue call.Callee.Span expected))

/// A call with named numbers, each with a kind and a default, such as `one-cycle(rise 0.3)`.
let ofNumbers name usage meaning (parameters: (string * Kind<float> * float) list) make : Form<'T> =
    let names = parameters |> List.map (fun (name, _, _) -> name)

    let value scope written (name, kind: Kind<float>, fallback) =
        match Map.tryFind name written with
        | Some value -> kind.Read scope [ value ]
        | None -> Ok fallback
        |> Result.map (fun value -> name, value)

    let read scope call =
        Calls.byName names [] call
        |> Result.bind (fun written -> parameters |> List.map (value scope written) |> all)
        |> Result.map (fun values ->
            let values = Map.ofList values
            make (fun name -> values[name]))

    {
        Entry =
            { entry name usage meaning with
                Parameters = names
            }
        Read = read
    }

/// Any call.
let call expected : Kind<Calls.Call> =
    ofOne expected [] (fun scope -> Calls.call scope expected)

/// One of several forms; `what` names the value in messages.
let oneOf what expected (forms: Form<'T> list) : Kind<'T> =
    let entries = forms |> List.map _.Entry

    ofOne expected entries (fun scope expression ->
        Calls.call scope expected expression
        |> Result.bind (fun call ->
            let name = call.Callee

            match forms |> List.tryFind (fun form -> form.Entry.Name = name.Value) with
            | Some form -> form.Read scope call
            | None -> Error(Diagnostic.unknownWord name.Span what name.Value (names entries))))

/// One of several words, each with its meaning.
let oneWord what (words: (string * string * 'T) list) : Kind<'T> =
    let known = words |> List.map (fun (name, _, _) -> name) |> Suggest.list "or" 12

    words
    |> List.map (fun (name, meaning, value) -> word name meaning value)
    |> oneOf what $"a {what}: {known}"

/// Several values, at most one of each `form`, or the word that means none; `once` is the message for duplicates.
let severalOf what expected (form: 'T -> 'Form) once (forms: Form<'T option> list) : Kind<'T list> =
    let one = oneOf what expected forms

    let read scope phrase =
        phrase
        |> List.map (fun each -> one.Read scope [ each ])
        |> all
        |> Result.bind (fun several ->
            match several, List.choose id several with
            | [ None ], _ -> Ok []
            | _, some when (List.distinctBy form some).Length = several.Length -> Ok some
            | _ -> Error(Diagnostic.wrongValue (join phrase) once))

    {
        Expected = expected
        Entries = one.Entries
        Read = read
    }

/// One given word, which may be an item of a list, or a value of a kind.
let orWord name meaning (value: 'T) (kind: Kind<'T>) : Kind<'T> =
    let isWord scope (phrase: Phrase) =
        match phrase |> List.map (evaluate scope) with
        | [ Ok { Value = Datum.Word found } ] -> found = name
        | _ -> false

    { kind with
        Entries = entry name name meaning :: kind.Entries
        Read =
            fun scope phrase ->
                if isWord scope phrase then
                    Ok value
                else
                    kind.Read scope phrase
    }

/// The words of a phrase; `…` stands for anything else.
let words (phrase: Phrase) =
    phrase
    |> List.map (fun e ->
        match e.Value with
        | Term.Word word -> word
        | _ -> "…")

/// A value that may be followed by a unit: `warmup 5 epochs`.
let withUnit (units: string list) (kind: Kind<'T>) : Kind<'T> =
    let read scope phrase =
        match phrase, words phrase with
        | [ _ ], _ -> kind.Read scope phrase
        | [ value; _ ], [ _; unit ] when List.contains unit units -> kind.Read scope [ value ]
        | _ ->
            Error(
                Diagnostic.wrongValue (join phrase) $"{kind.Expected}, and `{units.Head}` or nothing after it"
            )

    { kind with Read = read }

/// Phrases that are distinguished by their words; `read` gives None for any other phrase.
let ofWords expected read entries : Kind<'T> =
    {
        Expected = expected
        Entries = entries
        Read =
            fun scope phrase ->
                read scope phrase (words phrase)
                |> Option.defaultWith (fun () -> Error(Diagnostic.wrongValue (join phrase) expected))
    }

/// A setting: its notation, its kind and its default.
type Setting<'T> =
    {
        Entry: Entry
        Kind: Kind<'T>
        Default: 'T
    }

/// `written` is its default as written in a file.
let setting name written fallback meaning (kind: Kind<'T>) : Setting<'T> =
    {
        Entry = entry name $"{name} {written}" meaning
        Kind = kind
        Default = fallback
    }

/// A setting as written: its name and the phrase after it.
type Written = { Name: Name; Phrase: Phrase }

/// The settings of one run as written, with the function that reports errors.
type WrittenSettings =
    {
        Report: Diagnostic -> unit
        Scope: Scope
        Written: Map<string, Written>
    }

/// The value of a setting, if it is written.
let tryRead (scope: Scope) (written: Map<string, Written>) (setting: Setting<'T>) =
    Map.tryFind setting.Entry.Name written
    |> Option.map (fun written -> setting.Kind.Read scope written.Phrase)

/// The value of a setting, written or default; None if it is wrong.
let tryValue (reading: WrittenSettings) (setting: Setting<'T>) : 'T option =
    tryRead reading.Scope reading.Written setting
    |> Option.defaultValue (Ok setting.Default)
    |> Diagnostic.keep reading.Report

/// The value of a setting, or its default if it is missing or wrong.
let value (reading: WrittenSettings) (setting: Setting<'T>) : 'T =
    tryValue reading setting |> Option.defaultValue setting.Default

/// A setting's description for editors and messages.
type Described =
    {
        Entry: Entry
        /// What it takes in general.
        Expected: string
        /// Its values that begin with a word.
        Values: Entry list
    }

let describe (setting: Setting<'T>) : Described =
    {
        Entry = setting.Entry
        Expected = setting.Kind.Expected
        Values = setting.Kind.Entries
    }
