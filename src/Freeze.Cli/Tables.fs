/// Tables on the terminal, as wide as it is.
module Freeze.Cli.Tables

open System
open Spectre.Console

/// A console that never wraps when its output goes to a file or a pipe.
let console () : IAnsiConsole =
    let console = AnsiConsole.Console

    if Console.IsOutputRedirected then
        console.Profile.Width <- 1000

    console

type Column = { Title: string; IsNumber: bool }

let words title = { Title = title; IsNumber = false }
let numbers title = { Title = title; IsNumber = true }

/// 431,080
let count (value: int64) = value.ToString("N0")

/// 98.61%
let percent (share: float) = (100.0 * share).ToString("F2") + "%"

let print (columns: Column list) (rows: string list seq) =
    let table = Table(Border = TableBorder.Simple)

    for column in columns do
        let header = TableColumn(Markup.Escape column.Title)
        header.Alignment <- if column.IsNumber then Justify.Right else Justify.Left
        header.NoWrap <- column.IsNumber
        table.AddColumn header |> ignore

    for row in rows do
        table.AddRow(row |> List.map (fun cell -> Markup.Escape cell) |> Array.ofList)
        |> ignore

    (console ()).Write table
