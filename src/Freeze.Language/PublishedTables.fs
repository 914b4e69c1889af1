/// Published values in rows and columns to single values: each has what its row and its column have on their axes.
[<RequireQualifiedAccess>]
module Freeze.Language.PublishedTables

open Freeze.Language.Syntax

/// The values of a table, row by row; `place` is that of the whole.
let values report (place: Span) (lines: Located<PublishedLine> list) : Published list =
    let wrong span expected =
        report (Diagnostic.wrongValue span expected)
        []

    let row (columns: Expression list list) (line: Located<PublishedLine>) =
        match line.Value with
        | PublishedLine.Row(on, values) when values.Length = columns.Length ->
            List.zip columns values
            |> List.choose (fun (column, value) ->
                value |> Option.map (fun value -> { Value = value; On = on @ column }))
        | PublishedLine.Row(_, values) ->
            wrong line.Span $"{columns.Length} values, one for each column, where there are {values.Length}"
        | PublishedLine.Columns _ -> wrong line.Span "a row: the columns are said in the first line"
        | PublishedLine.Broken -> []

    match lines with
    | {
          Value = PublishedLine.Columns columns
      } :: rows -> rows |> List.collect (row columns)
    | { Value = PublishedLine.Broken } :: _ -> []
    | first :: _ -> wrong first.Span "`on` and the columns, such as `on 0.1, 0.4`"
    | [] -> wrong place "rows: `{ on 0.1, 0.4; dense: 88.73, 93.33 }`"
