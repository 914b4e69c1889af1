namespace Freeze

open System.Globalization

/// The value of an axis in one run.
[<RequireQualifiedAccess>]
type AxisValue =
    | Number of Value: float
    | Word of Text: string

[<RequireQualifiedAccess>]
module AxisValue =
    /// As files write it: `0.1`, `densenet-100-12`.
    let text (value: AxisValue) =
        match value with
        | AxisValue.Number number -> number.ToString CultureInfo.InvariantCulture
        | AxisValue.Word word -> word

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
        /// What the search is called; its candidates have this and their axes in common.
        Search: string
        /// From 0, the start.
        Candidate: int
        /// From 1 where the search halves; else 0.
        Rung: int
        /// What was drawn for the candidate.
        Draws: Axis[]
    }

/// Where a run stands among the runs of its file.
[<RequireQualifiedAccess>]
type Place =
    /// It is of no search.
    | Alone
    | InSearch of Place: SearchPlace

/// One training to do: what it is called, and its recipe.
type Run =
    {
        Name: string
        /// The profile that it was planned with, or "".
        Profile: string
        /// Its values of the lists of its file; what a search draws is in its place.
        Axes: Axis[]
        Place: Place
        NetName: string
        Expected: Expectation[]
        Recipe: Recipe
    }

    /// What it can be called by: its axes, and what a search has drawn for it.
    member run.Values: Axis[] =
        match run.Place with
        | Place.Alone -> run.Axes
        | Place.InSearch place -> Array.append run.Axes place.Draws

    /// Its columns in tables: its axes, then candidate, rung and draws of a search.
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
