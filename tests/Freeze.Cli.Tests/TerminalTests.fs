/// What people see on a terminal: nothing is wider than it, nothing is left behind of what was drawn over.
module Freeze.Cli.Tests.TerminalTests

open System
open System.Diagnostics
open System.IO
open System.Text
open System.Text.RegularExpressions
open Expecto
open Freeze.Cli
open Freeze.Cli.Tables
open Freeze.Cli.Tests.Command
open Freeze.Tests.Expectations

/// What stands on a terminal in the end, and how many times a line was too long for it.
type private Screen = { Lines: string list; Wrapped: int }

/// A terminal of a width that never scrolls, as far as Freeze uses one: carriage returns, and the codes to go up and to erase.
type private Terminal(width: int) =
    let rows = ResizeArray<StringBuilder>()
    let mutable row, column, wrapped = 0, 0, 0

    let line () =
        while rows.Count <= row do
            rows.Add(StringBuilder())

        rows[row]

    let erase () =
        let line = line ()
        line.Length <- min line.Length column

    let put (letter: char) =
        if column = width then
            row <- row + 1
            column <- 0
            wrapped <- wrapped + 1

        let line = line ()

        while line.Length <= column do
            line.Append ' ' |> ignore

        line[column] <- letter
        column <- column + 1

    let obey (code: char) (count: int) =
        match code with
        | 'A' -> row <- max 0 (row - count)
        | 'K' -> erase ()
        | 'J' ->
            erase ()

            if row + 1 < rows.Count then
                rows.RemoveRange(row + 1, rows.Count - row - 1)
        | _ -> ()

    member _.Write(written: string) =
        for found in Regex.Matches(written, @"\x1b\[([?0-9;]*)([A-Za-z])|\x1b.|[\s\S]") do
            match found.Value[0] with
            | '\r' -> column <- 0
            | '\n' -> row <- row + 1
            | '\027' when found.Groups[2].Success ->
                match Int32.TryParse found.Groups[1].Value with
                | true, count -> obey found.Groups[2].Value[0] count
                | false, _ -> obey found.Groups[2].Value[0] 1
            // Modes of the keyboard.
            | '\027' -> ()
            | letter -> put letter

    member _.Screen =
        {
            Lines = [ for row in rows -> row.ToString().TrimEnd() ]
            Wrapped = wrapped
        }

let private screen (width: int) (written: string) : Screen =
    let terminal = Terminal width
    terminal.Write written
    terminal.Screen

let private mark = "@@@"

/// What some commands write to a terminal of a width of its own, started in a folder.
let private writtenBy (folder: string) (width: int) (commands: string list list) : string =
    let quoted (command: string list) =
        "dotnet" :: program :: command |> List.map (sprintf "'%s'") |> String.concat " "

    let script = commands |> List.map quoted |> String.concat $"; echo {mark}; "

    let info =
        ProcessStartInfo("script", [ "-qec"; $"stty rows 40 cols {width}; {script}"; "/dev/null" ])

    info.RedirectStandardOutput <- true
    info.RedirectStandardInput <- true
    info.StandardOutputEncoding <- Encoding.UTF8
    info.WorkingDirectory <- folder
    info.Environment["TERM"] <- "xterm-256color"
    use started = Process.Start info
    let written = started.StandardOutput.ReadToEnd()
    started.WaitForExit()
    written

/// What each of them leaves there.
let private onTerminal (folder: string) (width: int) (commands: string list list) : Screen list =
    (writtenBy folder width commands).Split(mark + "\r\n")
    |> Seq.map (screen width)
    |> List.ofSeq

let private name = "case=frozen-at-random"

let private columns =
    [
        words "run" fst
        spare 2 (words "net" (fun _ -> "wrn-28-10"))
        spare 1 (numbers "trained" (fun _ -> "36,479,194"))
        spare 3 (prose "what" snd)
        words "hash" (fun _ -> "6aae8bb3576eebae")
    ]

let private rows =
    [
        name, "all filters of the first block learn, the others stay where they started"
        "case=all", ""
    ]

[<Tests>]
let tests =
    testList
        "terminal"
        [
            test "a table fits every width: names and hashes stay whole, columns without room are named" {
                for width in 42..160 do
                    let lines = Tables.lines (Some width) false columns rows

                    for line in lines do
                        between 0 width line.Length

                    exists
                        (fun (line: string) -> line.StartsWith name && line.Contains "6aae8bb3576eebae")
                        lines

                contains
                    "(too narrow here for: net, trained, what)"
                    (String.concat "\n" (Tables.lines (Some 42) false columns rows))

                lacks "narrow" (String.concat "\n" (Tables.lines (Some 100) false columns rows))
            }

            test "where even the names have no room they are cut inside, for their ends tell them apart" {
                let lines = Tables.lines (Some 36) false columns rows
                contains "case=froz…t-random  6aae8bb3576eebae" (String.concat "\n" lines)
            }

            test "in a pipe every column is there, as wide as its cells" {
                let text = String.concat "\n" (Tables.lines None false columns rows)
                contains "the others stay where they started   6aae8bb3576eebae" text
                lacks "narrow" text
            }

            test "of a line of progress what matters least goes first" {
                let parts = [ 0, "name"; 0, "epoch 1/3"; 2, "loss 0.5"; 1, "test 90%" ]
                equal "name  epoch 1/3  loss 0.5  test 90%" (Freeze.Cli.Terminal.fit (Some 40) parts)
                equal "name  epoch 1/3  test 90%" (Freeze.Cli.Terminal.fit (Some 30) parts)
                equal "name  epoch 1/3" (Freeze.Cli.Terminal.fit (Some 20) parts)
                equal "na…" (Freeze.Cli.Terminal.fit (Some 3) parts)
            }

            test "sentences are broken between words" {
                equal
                    "1 run has no result in\n  runs yet"
                    (Freeze.Cli.Terminal.wrapped (Some 24) "1 run has no result in runs yet")

                for width in [ 20; 40; 60 ] do
                    for line in
                        (Freeze.Cli.Terminal.wrapped (Some width) (String.replicate 30 "word ")).Split '\n' do
                        between 0 width line.Length
            }
        ]

[<Tests>]
let processes =
    testSequencedGroup "processes"
    <| testList
        "terminal in processes"
        [
            testTheory
                "nothing is wider than the terminal, and of progress nothing is left but a line an epoch"
                [ 60; 80; 100; 140 ]
                (fun width ->
                    needsTerminal ()
                    let folder = folder ()

                    File.WriteAllText(
                        Path.Combine(folder, "t.frz"),
                        quick.Replace("epochs 1", "epochs 2").Replace("images 640", "images 320")
                        + "case frozen-at-random { conv1: fixed }\ncase all { seed 2 }\n"
                    )

                    File.WriteAllText(Path.Combine(folder, "bad.frz"), "block1.unit2.conv3: fixed\n")

                    ImportTests.resnet20 10
                    |> List.filter (fun (name, _) -> not (name.StartsWith "layer2"))
                    |> ImportTests.write (Path.Combine(folder, "w.safetensors"))

                    let shown =
                        onTerminal
                            folder
                            width
                            [
                                [ "run"; "t.frz"; "--threads"; "1" ]
                                [ "watch"; "t.frz" ]
                                [ "plan"; "t.frz" ]
                                if width = 80 then
                                    [ "data" ]
                                    [ "import"; "w.safetensors" ]
                                    [ "check"; "bad.frz" ]
                            ]

                    for screen in shown do
                        Expect.equal screen.Wrapped 0 (String.concat "\n" screen.Lines)

                    let epochs =
                        shown[0].Lines
                        |> List.filter (fun line -> line.Contains "epoch " && not (line.Contains "s/epoch"))

                    equal 4 epochs.Length

                    for line in epochs do
                        matches @"^\S+  epoch [12]/2  .*test \d+\.\d\d%" line

                    for screen in shown[0..2] do
                        exists (fun (line: string) -> line.StartsWith "frozen-at-random ") screen.Lines

                    exists (fun (line: string) -> line.Contains "2 done") shown[1].Lines)

            test "with several jobs every run under way is shown at once, and taken away in the end" {
                needsTerminal ()
                let folder = folder ()

                File.WriteAllText(
                    Path.Combine(folder, "t.frz"),
                    quick.Replace("images 640", "images 4000").Replace("epochs 1", "epochs 2")
                    + "seed 1..2\n"
                )

                let written = writtenBy folder 80 [ [ "run"; "t.frz"; "--jobs"; "2" ] ]
                contains "starting 2 processes: 0 of 2 runs finished" written
                matches @"seed=1  epoch [12]/2  [━─]+ +\d+%" written
                matches @"seed=2  epoch [12]/2  [━─]+ +\d+%" written
                let screen = screen 80 written
                equal 0 screen.Wrapped
                isFalse (screen.Lines |> List.exists (fun line -> line.Contains "━"))
            }
        ]
