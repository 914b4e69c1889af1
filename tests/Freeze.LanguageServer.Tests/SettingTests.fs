/// A setting is described once: the reader, completion, hovers and the document go by its entry in the table.
module Freeze.LanguageServer.Tests.SettingTests

open System.IO
open Expecto
open Freeze.Language
open Freeze.LanguageServer.Tests.Client
open Freeze.Tests.Expectations

[<Tests>]
let tests =
    testList
        "settings"
        [
            test "each setting of the table is read, offered, explained and documented" {
                let settings = Settings.table
                let lines = settings |> List.map (fun setting -> setting.Entry.Usage + "\n")
                let client, uri = withText (String.concat "" lines)
                use client = client
                let document = File.ReadAllText(Path.Combine(root, "docs", "language.md"))
                let codes = client.Diagnostics(uri, 1) |> strings "code"
                excludes "FRZ010" codes

                let offered line character =
                    client.Request("textDocument/completion", at uri line character).GetProperty("items")
                    |> items
                    |> strings "label"

                let beginnings = offered settings.Length 0

                for line, setting in List.indexed settings do
                    let entry = setting.Entry
                    includes entry.Name beginnings

                    for value in setting.Values do
                        includes value.Name (offered line (entry.Name.Length + 1))

                    let hover =
                        client
                            .Request("textDocument/hover", at uri line 0)
                            .GetProperty("contents")
                            .GetProperty("value")
                            .GetString()

                    for part in [ entry.Usage; entry.Meaning; setting.Expected ] do
                        contains part hover

                    contains $"| `{entry.Name}` |" document
            }
        ]
