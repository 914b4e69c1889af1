/// Turns tables of published values into single values, each with the axis values of its row and its column.
[<RequireQualifiedAccess>]
module Freeze.Language.PublishedTables

open Freeze.Language.Syntax

/// Tables are written by hand; this limits the labels of a row or column, which each of its values carries.
let private mostLabels = 50

/// The values of a table, row by row; `place` is the span of the whole table.
let values report (place: Span) (lines: Located<PublishedLine> list) : Published list =
    let wrong span expected =
        report (Diagnostic.wrongValue span expected)
        []

    let tooMany (labels: Expression list) =
        wrong labels[mostLabels].Span $"at most {mostLabels} values before a row or above a column"

    let row (columns: Expression list list) (line: Located<PublishedLine>) =
        match line.Value with
        | PublishedLine.Row(on, _) when on.Length > mostLabels -> tooMany on
        | PublishedLine.Row(on, values) when values.Length = columns.Length ->
            List.zip columns values
            |> List.choose (fun (column, value) ->
                value |> Option.map (fun value -> { Value = value; On = on @ column }))
        | PublishedLine.Row(_, values) ->
            wrong line.Span $"{columns.Length} values, one for each column, where there are {values.Length}"
        | PublishedLine.Columns _ -> wrong line.Span "a row: the columns are given in the first line"
        | PublishedLine.Broken -> []

    match lines with
    | {
          Value = PublishedLine.Columns columns
      } :: rows ->
        match columns |> List.tryFind (fun column -> column.Length > mostLabels) with
        | Some column -> tooMany column
        | None -> rows |> List.collect (row columns)
    | { Value = PublishedLine.Broken } :: _ -> []
    | first :: _ -> wrong first.Span "`on` and the columns, such as `on 0.1, 0.4`"
    | [] -> wrong place "rows: `{ on 0.1, 0.4; dense: 88.73, 93.33 }`"
