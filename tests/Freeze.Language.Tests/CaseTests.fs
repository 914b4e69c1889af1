/// tests/cases/check/*.frz: files with what is wrong with them written under the lines, as
///
///     blok2: train
///     #^^^^ FRZ012 unknown selector `blok2`: net lenet has conv1, conv2, fc1 and fc2
///
/// UPDATE_CASES=1 rewrites them; review the difference like code.
module Freeze.Language.Tests.CaseTests

open System
open System.IO
open System.Text.RegularExpressions
open Expecto
open Freeze.Language
open Freeze.Language.Tests.Files
open Freeze.Tests.Expectations

let private folder = under [ "tests"; "cases"; "check" ]

let private isNote (line: string) =
    Regex.IsMatch(line, @"^(#|\s*#)?\s*\^*\s*FRZ\d{3} ")
    || Regex.IsMatch(line, @"^#\s*\^* FRZ\d{3} ")

/// The note under a line: carets under the place; in the first column `#` takes the first caret's place.
let private note (source: Source) (diagnostic: Diagnostic) =
    let at = Source.position source diagnostic.Span.Start
    let line, start = Source.line source diagnostic.Span.Start
    let last = min diagnostic.Span.End (start + line.Length)
    let carets = String('^', max 1 (last - diagnostic.Span.Start))

    let place =
        if at.Column = 1 then
            "#" + carets.Substring 1
        else
            "#" + String(' ', at.Column - 2) + carets

    let label =
        if diagnostic.Label = "" then
            ""
        else
            ": " + diagnostic.Label

    at.Line, $"{place} {diagnostic.Code} {diagnostic.Message}{label}"

let private annotate (path: string) (text: string) =
    let bare = text.Split '\n' |> Array.filter (isNote >> not)

    let source =
        {
            Path = Path.GetFileName path
            Text = String.concat "\n" bare
            Start = 0
        }

    let notes =
        (Compile.analyse alone source).Diagnostics
        |> List.map (note source)
        |> List.groupBy fst
        |> Map.ofList

    bare
    |> Seq.mapi (fun i line ->
        line
        :: (notes
            |> Map.tryFind (i + 1)
            |> Option.map (List.map snd)
            |> Option.defaultValue []))
    |> Seq.concat
    |> String.concat "\n"

let private cases () =
    Directory.GetFiles(folder, "*.frz") |> Seq.map Path.GetFileName

let private codesIn (text: string) =
    Regex.Matches(text, @"FRZ\d{3}") |> Seq.map _.Value |> Set.ofSeq

[<Tests>]
let tests =
    testList
        "expected diagnostics"
        [
            testTheory "a file's diagnostics are those written in it" (cases ()) (fun name ->
                let path = Path.Combine(folder, name)
                let text = File.ReadAllText path
                let annotated = annotate path text

                if Environment.GetEnvironmentVariable "UPDATE_CASES" = "1" then
                    File.WriteAllText(path, annotated)
                else
                    equal text annotated)

            test "each code has a message, an entry in docs/errors.md and a case file" {
                let messages =
                    File.ReadAllText(under [ "src"; "Freeze.Language"; "Diagnostics.fs" ])
                    |> codesIn

                let documented = File.ReadAllText(under [ "docs"; "errors.md" ]) |> codesIn

                let cases =
                    Directory.GetFiles(folder)
                    |> Seq.map (File.ReadAllText >> codesIn)
                    |> Set.unionMany

                equal (Set.toList messages) (Set.toList documented)
                // No text, a profile on the command line, thousands of statements, files of weights: no case file can hold these.
                let others = Set [ "FRZ001"; "FRZ019"; "FRZ029"; "FRZ130"; "FRZ131" ]
                equal (Set.toList messages) (Set.toList (Set.union others cases))
            }
        ]
