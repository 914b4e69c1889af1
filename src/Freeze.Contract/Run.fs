namespace Freeze

open System
open System.Globalization
open System.Text.RegularExpressions

/// The value of an axis in one run.
[<RequireQualifiedAccess>]
type AxisValue =
    | Number of Value: float
    | Word of Text: string
    /// `1 filter`, of unit `filters`; `50%`, which is 0.5 of unit `%`; `1.0`, meaning all, of unit ``.
    | Amount of Value: float * Unit: string
    /// `wide (wrn-10-2)`: the file's word for a net, and the net that a profile puts in its place.
    | Stand of Text: string * Net: string

[<RequireQualifiedAccess>]
module AxisValue =
    let private plain (number: float) =
        number.ToString CultureInfo.InvariantCulture

    /// As written in files: `0.1`, `densenet-100-12`, `1 filter`.
    let text (value: AxisValue) =
        match value with
        | AxisValue.Number number -> plain number
        | AxisValue.Word word -> word
        | AxisValue.Stand(word, net) -> $"{word} ({net})"
        | AxisValue.Amount(fraction, "%") ->
            (decimal fraction * 100m).ToString("0.############", CultureInfo.InvariantCulture)
            + "%"
        | AxisValue.Amount(all, "") -> all.ToString("0.0", CultureInfo.InvariantCulture)
        | AxisValue.Amount(1.0, unit) -> "1 " + unit.TrimEnd 's'
        | AxisValue.Amount(count, unit) -> $"{plain count} {unit}"

    /// Reads what `text` has written of a word or an amount.
    let ofText (text: string) : AxisValue =
        let found = Regex.Match(text, @"\A(\d+(?:\.\d+)?)(%|\.0| [a-z]+)\z")

        if found.Success then
            let number = Double.Parse(found.Groups[1].Value, CultureInfo.InvariantCulture)

            match found.Groups[2].Value with
            | "%" -> AxisValue.Amount(float (decimal number / 100m), "%")
            | ".0" -> AxisValue.Amount(number, "")
            | unit -> AxisValue.Amount(number, unit.Trim().TrimEnd('s') + "s")
        else
            let stand = Regex.Match(text, @"\A([\w-]+) \((.+)\)\z")

            if stand.Success then
                AxisValue.Stand(stand.Groups[1].Value, stand.Groups[2].Value)
            else
                AxisValue.Word text

    /// Its words after `on`: a count with its unit, singular or plural, or without; a whole number also as a decimal.
    let names (value: AxisValue) : string list =
        match value with
        | AxisValue.Number number when Double.IsInteger number -> [ text value; text value + ".0" ]
        | AxisValue.Amount(all, "") -> [ text value; plain all ]
        | AxisValue.Amount(count, unit) when unit <> "%" ->
            let number = plain count
            [ $"{number} {unit}"; $"{number} {unit.TrimEnd 's'}"; number ]
        | AxisValue.Stand(word, _) -> [ text value; word ]
        | AxisValue.Number _
        | AxisValue.Word _
        | AxisValue.Amount _ -> [ text value ]

    /// Its number, if it has one; else NaN.
    let number (value: AxisValue) : float =
        match value with
        | AxisValue.Number number
        | AxisValue.Amount(number, _) -> number
        | AxisValue.Word _
        | AxisValue.Stand _ -> nan

    /// Whether all values are numbers on one scale: counts of one thing, or numbers and fractions. 0 is on every scale.
    let areOfOneScale (values: AxisValue seq) : bool =
        let scale value =
            match value with
            | AxisValue.Amount(_, ("%" | ""))
            | AxisValue.Number _ -> "number"
            | AxisValue.Amount(_, unit) -> unit
            | AxisValue.Word _
            | AxisValue.Stand _ -> "word"

        let scales =
            values
            |> Seq.filter (fun value -> number value <> 0.0)
            |> Seq.map scale
            |> Seq.distinct
            |> List.ofSeq

        scales.Length <= 1 && scales <> [ "word" ]

type Axis = { Name: string; Value: AxisValue }

/// A published value that a report compares the run's own with.
type Expectation =
    {
        Measure: string
        Value: float
        /// Such as "Table 1".
        Source: string
    }

/// A candidate of a search over whole runs.
type SearchPlace =
    {
        /// The search's name; its candidates share this and their axes.
        Search: string
        /// From 0, which is the start.
        Candidate: int
        /// From 1 if the search halves; else 0.
        Rung: int
        /// The values drawn for the candidate.
        Draws: Axis[]
    }

/// A run's place among the runs of its file.
[<RequireQualifiedAccess>]
type Place =
    /// It is not part of a search.
    | Alone
    | InSearch of Place: SearchPlace

/// One training to do: its name and its recipe.
type Run =
    {
        Name: string
        /// The profile that it was planned with, or "".
        Profile: string
        /// Its values of the file's lists; values drawn by a search are in its place.
        Axes: Axis[]
        Place: Place
        NetName: string
        Expected: Expectation[]
        Recipe: Recipe
    }

    /// All values that identify it: its axes, and what a search drew for it.
    member run.Values: Axis[] =
        match run.Place with
        | Place.Alone -> run.Axes
        | Place.InSearch place -> Array.append run.Axes place.Draws

    /// Its columns in tables: its axes, then the candidate, rung and draws of a search.
    member run.Columns: Axis[] =
        match run.Place with
        | Place.Alone -> run.Axes
        | Place.InSearch place ->
            let numbered name (number: int) =
                {
                    Name = name
                    Value = AxisValue.Number(float number)
                }

            [|
                yield! run.Axes
                numbered "candidate" place.Candidate
                if place.Rung > 0 then
                    numbered "rung" place.Rung
                yield! place.Draws
            |]

    /// Its value in a column, even for a setting of `RunColumns.settings` that the file does not list. Empty if it has none.
    member run.Column(name: string) : Axis[] =
        let own value = [| { Name = name; Value = value } |]
        let number value = own (AxisValue.Number value)

        match run.Columns |> Array.tryFind (fun axis -> axis.Name = name), name with
        | Some axis, _ -> [| axis |]
        | None, "net" -> own (AxisValue.Word run.NetName)
        | None, "data" -> own (AxisValue.Word(DataSource.name run.Recipe.Data))
        | None, "batch" -> number (float run.Recipe.Batch)
        | None, "epochs" -> number (float run.Recipe.Epochs)
        | None, "seed" -> number (float run.Recipe.Seed)
        | None, "lr" -> number (Optimizer.learningRate run.Recipe.Optimizer)
        | None, "decay" -> number (Optimizer.decay run.Recipe.Optimizer)
        | None, _ -> [||]

[<RequireQualifiedAccess>]
module RunColumns =
    /// The settings that tables can show for every run.
    let settings = [ "net"; "data"; "batch"; "epochs"; "seed"; "lr"; "decay" ]
