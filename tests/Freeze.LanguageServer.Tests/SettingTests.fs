/// A setting is described once: the reader, completion, hovers and the document go by its entry in the table.
module Freeze.LanguageServer.Tests.SettingTests

open System.IO
open Freeze.Language
open Freeze.LanguageServer.Tests.Client
open Xunit

[<Fact>]
let ``each setting of the table is read, offered, explained and documented`` () =
    let settings = Settings.table
    let lines = settings |> List.map (fun setting -> setting.Entry.Usage + "\n")
    let client, uri = withText (String.concat "" lines)
    use client = client
    let document = File.ReadAllText(Path.Combine(root, "docs", "language.md"))
    let codes = client.Diagnostics(uri, 1) |> strings "code"
    Assert.DoesNotContain("FRZ010", codes)

    let offered line character =
        client.Request("textDocument/completion", at uri line character).GetProperty("items")
        |> items
        |> strings "label"

    let beginnings = offered settings.Length 0

    for line, setting in List.indexed settings do
        let entry = setting.Entry
        Assert.Contains(entry.Name, beginnings)

        for value in setting.Values do
            Assert.Contains(value.Name, offered line (entry.Name.Length + 1))

        let hover =
            client
                .Request("textDocument/hover", at uri line 0)
                .GetProperty("contents")
                .GetProperty("value")
                .GetString()

        for part in [ entry.Usage; entry.Meaning; setting.Expected ] do
            Assert.Contains(part, hover)

        Assert.Contains($"| `{entry.Name}` |", document)
