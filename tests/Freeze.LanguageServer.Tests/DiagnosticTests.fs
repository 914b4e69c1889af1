module Freeze.LanguageServer.Tests.DiagnosticTests

open System.IO
open Freeze.LanguageServer.Tests.Client
open Xunit

let private codes = strings "code"

[<Fact>]
let ``diagnostics come with place, code, severity and what would be right`` () =
    let client, uri = withText "epochs 3\nblok1: fixed\nlet unused = 3\n"
    use client = client

    match client.Diagnostics(uri, 1) with
    | [ error ] ->
        Assert.Equal("FRZ012", error.GetProperty("code").GetString())
        Assert.Equal(1, error.GetProperty("severity").GetInt32())
        Assert.Equal(((1, 0), (1, 5)), ends (error.GetProperty "range"))
        Assert.StartsWith("unknown selector `blok1`: net lenet has", error.GetProperty("message").GetString())
    | other -> failwith $"{other}"

    client.Replace(uri, 2, "epochs 3\nlet unused = 3\n")

    match client.Diagnostics(uri, 2) with
    | [ warning ] ->
        Assert.Equal("FRZ103", warning.GetProperty("code").GetString())
        Assert.Equal(2, warning.GetProperty("severity").GetInt32())
    | other -> failwith $"{other}"

[<Fact>]
let ``a rule that is typed letter by letter is right in the end, and only then`` () =
    let client, uri = withText "net lenet\n"
    use client = client
    Assert.Empty(client.Diagnostics(uri, 1))
    let rule = "conv2: train 0.4 filters at random"

    rule
    |> Seq.iteri (fun i letter ->
        client.Change(uri, i + 2, [ object [ "range", range (1, i) (1, i); "text", text (string letter) ] ]))

    Assert.Empty(client.Diagnostics(uri, rule.Length + 1))

    // One letter less is a mistake.
    let last = rule.Length
    client.Change(uri, last + 2, [ object [ "range", range (1, last - 1) (1, last); "text", text "" ] ])
    Assert.Equal<string list>([ "FRZ002" ], codes (client.Diagnostics(uri, last + 2)))

[<Fact>]
let ``an import that is open in another tab is read from there`` () =
    use client = started ()
    let folder = folder ()

    let common, main =
        Path.Combine(folder, "common.frz"), Path.Combine(folder, "main.frz")

    File.WriteAllText(common, "epochs 3\n")
    client.Open(uriOf main, "import \"common.frz\"\nconv1: fixed\n", 1)
    Assert.Empty(client.Diagnostics(uriOf main, 1))

    // Not saved.
    client.Open(uriOf common, "epoch 3\n", 1)
    let found = client.Diagnostics(uriOf common, 1)
    Assert.Equal<string list>([ "FRZ010" ], codes found)
    Assert.Equal(((0, 0), (0, 5)), ends (found.Head.GetProperty "range"))

    client.Replace(uriOf common, 2, "epochs 4\n")
    Assert.Empty(client.Diagnostics(uriOf common, 2))

[<Fact>]
let ``a mistake in an imported file is shown there, and gone when it is no longer imported`` () =
    use client = started ()
    let folder = folder ()

    let common, main =
        Path.Combine(folder, "common.frz"), Path.Combine(folder, "main.frz")

    File.WriteAllText(common, "epoch 3\n")
    client.Open(uriOf main, "import \"common.frz\"\nconv1: fixed\n", 1)
    Assert.Equal<string list>([ "FRZ010" ], codes (client.NextDiagnostics(uriOf common)))
    client.Replace(uriOf main, 2, "conv1: fixed\n")
    Assert.Empty(client.NextDiagnostics(uriOf common))

[<Fact>]
let ``what is wrong under a profile alone is told with its name`` () =
    let client, uri = withText "epochs 3\nprofile quick { epochs 0 }\n"
    use client = client

    match client.Diagnostics(uri, 1) with
    | [ error ] -> Assert.StartsWith("under profile quick: ", error.GetProperty("message").GetString())
    | other -> failwith $"{other}"

[<Fact>]
let ``a closed document has no diagnostics`` () =
    let client, uri = withText "epoch 3\n"
    use client = client
    Assert.NotEmpty(client.Diagnostics(uri, 1))
    client.Close uri
    Assert.Empty(client.NextDiagnostics uri)

[<Fact>]
let ``a document without a file, one with NUL and one of two MiB are answered`` () =
    use client = started ()
    let uri = "untitled:Untitled-1"
    client.Open(uri, "epoch 3\n", 1)
    Assert.Equal<string list>([ "FRZ010" ], codes (client.Diagnostics(uri, 1)))
    client.Replace(uri, 2, "epochs\000 3\n")
    Assert.Equal<string list>([ "FRZ001" ], codes (client.Diagnostics(uri, 2)))
    client.Replace(uri, 3, String.replicate 2_000_000 "#")
    Assert.Equal<string list>([ "FRZ001" ], codes (client.Diagnostics(uri, 3)))
    client.Change(uri, 4, [ object [ "range", range (0, 1) (0, 2_000_000); "text", text "" ] ])
    Assert.Empty(client.Diagnostics(uri, 4))

[<Fact>]
let ``the earlier of two settings is related information`` () =
    let client, uri = withText "epochs 3\r\nepochs 4\r\n"
    use client = client
    let found = client.Diagnostics(uri, 1)
    let related = found.Head.GetProperty("relatedInformation").[0]
    Assert.Equal("first set here", related.GetProperty("message").GetString())
    Assert.Equal(((0, 0), (0, 6)), ends (related.GetProperty("location").GetProperty "range"))
    Assert.Equal(((1, 0), (1, 6)), ends (found.Head.GetProperty "range"))

[<Fact>]
let ``a code action brings the name that was meant`` () =
    let client, uri =
        withText "net lenet\nconv1: train 2 filtrs; fc9: fixed\nepohcs 3\n"

    use client = client

    let actions line first last =
        client.Request(
            "textDocument/codeAction",
            object
                [
                    "textDocument", document uri
                    "range", range (line, first) (line, last)
                    "context", json "{ 'diagnostics': [] }"
                ]
        )
        |> items

    let titles line first last =
        strings "title" (actions line first last)

    Assert.Equal<string list>([ "Change to `filters`" ], titles 1 17 17)
    Assert.Equal<string list>([ "Change to `epochs`" ], titles 2 0 8)
    Assert.Empty(titles 0 0 9)

    let edits =
        (List.exactlyOne (actions 2 0 0)).GetProperty("edit").GetProperty("changes").GetProperty uri
        |> items

    Assert.Equal(
        "epochs 3\n",
        applied edits "net lenet\nconv1: train 2 filtrs; fc9: fixed\nepohcs 3\n"
        |> _.Split('\n').[2]
        |> fun line -> line + "\n"
    )

[<Fact>]
let ``an import of standard input or of a device is refused, and the server goes on`` () =
    let client, uri =
        withText "import \"../../../../../../dev/stdin\"\nimport \"../../../../../../dev/zero\"\n"

    use client = client
    Assert.Equal<string list>([ "FRZ018"; "FRZ018" ], codes (client.Diagnostics(uri, 1)))
    Assert.Equal(0, client.Shutdown())

[<Fact>]
let ``only files whose diagnostics differ are published anew`` () =
    use client = started ()
    let folder = folder ()

    let a, b =
        uriOf (Path.Combine(folder, "a.frz")), uriOf (Path.Combine(folder, "b.frz"))

    client.Open(a, "epoch 3\n", 1)
    Assert.NotEmpty(client.Diagnostics(a, 1))
    client.Open(b, "batch 0\n", 1)
    // The next that is said is of b, for nothing has changed in a.
    Assert.Equal(b, client.NextPublished())
    client.Replace(b, 2, "batch 1\n")
    Assert.Equal(b, client.NextPublished())
