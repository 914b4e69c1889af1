/// The documents say what the language does.
module Freeze.Language.Tests.DocumentTests

open System
open System.IO
open System.Text.RegularExpressions
open Expecto
open Freeze.Language
open Freeze.Language.Tests.Files
open Freeze.Tests.Expectations

let private text = lazy File.ReadAllText(under [ "docs"; "language.md" ])

/// The examples: what is fenced, but for the grammar.
let private examples () =
    Regex.Matches(text.Value, "```\n(.*?)```", RegexOptions.Singleline)
    |> Seq.map (fun found -> found.Groups[1].Value)
    |> Seq.filter (fun example -> not (example.Contains "statements  = {"))
    |> Seq.toList

[<Tests>]
let tests =
    testList
        "documents"
        [
            test "every example of the document can be read and is in canonical form" {
                isTrue ((examples ()).Length > 15)

                for example in examples () do
                    match Format.format (source example) with
                    | Ok formatted -> equal example formatted
                    | Error diagnostics -> failwith $"{example}\n{diagnostics}"
            }

            test "every line that fine-tuning is written in means a run, without a warning" {
                let section =
                    Regex.Match(text.Value, "## Fine-tuning\n.*?\n## ", RegexOptions.Singleline).Value

                let lines =
                    Regex.Matches(section, @"(?m)^\|[^|]*\| `([^`|]*)`.*\|$")
                    |> Seq.map _.Groups[1].Value
                    |> List.ofSeq

                isTrue (lines.Length >= 10)

                for line in lines do
                    let line = if line.Contains "solve" then line + "; epochs 1" else line

                    "net wrn-10-1; data tiny-imagenet-sample; resize 32; epochs 5; normalise imagenet\n"
                    + $"fc: train init torch\ncase before {{ data cifar10; resize none }}\ncase tuned {{ start from before; {line} }}\n"
                    |> codes
                    |> List.except [ "FRZ118" ]
                    |> equal []
            }

            test "every word of the language is in the document" {
                let words =
                    [
                        Settings.entries
                        Optimizers.entries
                        Schemes.kind.Entries
                        Vocabulary.draws
                        Vocabulary.layers
                        Vocabulary.reports
                    ]
                    |> List.collect Vocabulary.names
                    |> List.append (Vocabulary.functions |> List.map fst)
                    |> List.append (
                        Vocabulary.measures
                        |> List.collect (fun measure -> List.ofArray (measure.Split ' '))
                    )

                for word in words do
                    contains (word.Replace("|", "\\|")) text.Value
            }

            test "every built-in net is in the document, with its parameters" {
                for entry in NetLibrary.all () do
                    let name = entry.Definition.Name.Value
                    Expect.isTrue (text.Value.Contains $"`{name}" || Regex.IsMatch(name, "^cnn[2-7]$")) name
            }

            test "every built-in net is described and in canonical form" {
                for path in Directory.GetFiles(under [ "src"; "Freeze.Language"; "Library" ], "*.frz") do
                    let text = File.ReadAllText path
                    equal (Ok text) (Format.format (source text))

                for entry in NetLibrary.all () do
                    startsWith "# " entry.Text
            }
        ]
