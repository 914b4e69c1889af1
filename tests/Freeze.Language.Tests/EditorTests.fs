/// What editors ask of the language: tokens, places, candidates, names.
module Freeze.Language.Tests.EditorTests

open System.IO
open FsCheck
open FsCheck.FSharp
open Freeze.Language
open Freeze.Language.Syntax
open Freeze.Language.Tests.Files
open Xunit

let private texts kind (text: string) =
    Scanner.tokens (source text)
    |> Array.filter (fun token -> token.Kind = kind)
    |> Array.map (fun token -> Source.text (source text) token.Span)
    |> List.ofArray

[<Fact>]
let ``names and numbers are scanned as the parser reads them`` () =
    Assert.Equal<string list>(
        [ "wrn-28-4"; "depth"; "a_1" ],
        texts Scanner.Kind.Word "wrn-28-4 depth - 4 a_1-"
    )

    Assert.Equal<string list>(
        [ "12"; "0.4"; ".4"; "5e-4"; "40%"; "0.1x"; "3x5"; "1"; "4" ],
        texts Scanner.Kind.Number "12 0.4 .4 5e-4 40% 0.1x 3x5 1..4"
    )

    Assert.Equal<string list>([ "\"a # b\""; "\"open" ], texts Scanner.Kind.Text "\"a # b\" x \"open\n")
    Assert.Equal<string list>([ "# a \"b" ], texts Scanner.Kind.Comment "x # a \"b\n")

[<Fact>]
let ``tokens of any text cover all but white space, in order`` () =
    let property (text: NonNull<string>) =
        let source = source text.Get
        let tokens = Scanner.tokens source

        let gaps =
            Array.append [| 0 |] (tokens |> Array.map _.Span.End)
            |> Array.zip (Array.append (tokens |> Array.map _.Span.Start) [| text.Get.Length |])

        gaps
        |> Array.forall (fun (next, last) ->
            next >= last
            && text.Get.Substring(last, next - last)
               |> Seq.forall (fun c -> c = ' ' || c = '\t'))

    Check.QuickThrowOnFailure property

/// The cursor at the `|` of a text.
let private cursor (marked: string) =
    let offset = marked.IndexOf '|'
    let source = source (marked.Remove(offset, 1))
    Cursor.at source (Scanner.tokens source) offset

[<Fact>]
let ``a cursor knows its blocks, its statement and its call`` () =
    let found = cursor "epochs 3\ncase a { conv1: train 3 fi|"
    Assert.Equal<_ list>([ Cursor.Block.Case "a" ], found.Blocks)
    Assert.Equal<string list>([ "conv1"; ":"; "train"; "3" ], found.Before)
    Assert.Equal(2, found.Word.End - found.Word.Start)
    Assert.Equal(None, found.Call)

    Assert.Equal(Some "sgd", (cursor "optimizer sgd(lr 0.1, |").Call)
    Assert.Equal(None, (cursor "optimizer sgd(lr 0.1); |").Call)

    Assert.Equal<_ list>(
        [ Cursor.Block.Net "a"; Cursor.Block.Net "a" ],
        (cursor "net a { residual { |").Blocks
    )

    Assert.Equal<_ list>([], (cursor "case a { }\n|").Blocks)
    Assert.Equal<_ list>([ Cursor.Block.Net "a" ], (cursor "net a(x, y = 2) { |").Blocks)
    Assert.Empty((cursor "let p = [\n    1,\n|").Blocks)
    Assert.Equal<string list>([ "let"; "p"; "="; "["; "1"; "," ], (cursor "let p = [\n    1,\n|").Before)

[<Fact>]
let ``a path is one word, a range is not`` () =
    let width marked =
        let word = (cursor marked).Word
        word.End - word.Start

    Assert.Equal("block*.conv1".Length, width "block*.conv1|: fixed")
    Assert.Equal(0, width "layers 1..|")

[<Fact>]
let ``in comments and texts a cursor is in prose`` () =
    for marked in [ "# a|"; "epochs 3 # |"; "import \"a|"; "import \"|\""; "import \"|" ] do
        Assert.True((cursor marked).IsProse, marked)

    for marked in [ "|# a"; "import \"a\"|"; "# a\n|" ] do
        Assert.False((cursor marked).IsProse, marked)

[<Fact>]
let ``a cursor is found anywhere in any text`` () =
    let property (text: NonNull<string>) (place: NonNegativeInt) =
        let source = source text.Get
        let offset = place.Get % (text.Get.Length + 1)
        let found = Cursor.at source (Scanner.tokens source) offset
        found.Word.End = offset && found.Word.Start >= 0

    Check.QuickThrowOnFailure property

// The tables -------------------------------------------------------------------------------------------------

let private names entries = Vocabulary.names entries

[<Fact>]
let ``what the tables of values and actions say can be written`` () =
    let context setting =
        match setting with
        | "search" -> "validate 5000; lr ~ 1e-3 * 10^normal(0, 1); "
        | "stop"
        | "keep"
        | "schedule" -> "validate 5000; "
        | "normalise" -> "data cifar10; "
        | _ -> ""

    for setting in Settings.table do
        let name = setting.Entry.Name

        for value in setting.Values do
            let stagewise = value.Usage.Contains "stage"

            // There is no folder of images here.
            if not (stagewise || value.Name = "folder") then
                Assert.Equal<string list>([], codes $"{context name}{name} {value.Usage}\n")

        if name <> "search" then
            Assert.Equal<string list>([], codes (setting.Entry.Usage + "\n"))

[<Fact>]
let ``a modifier's usage stands behind some action`` () =
    for entry in Phrases.modifiers do
        let texts =
            [ "conv1: train 0.5 filters "; "bn1: train "; "fc: solve " ]
            |> List.map (fun rule ->
                (Parser.parse (source (rule + entry.Usage.Replace("FILE", "a").Replace("SCHEME", "he"))))
                    .Diagnostics)

        Assert.Contains([], texts)

[<Fact>]
let ``statements of the table are the parser's`` () =
    let written =
        [
            "case", "case a { }"
            "let", "let a = 1"
            "net", "net a { relu }"
            "import", "import \"a\""
            "profile", "profile a { }"
            "ensemble", "ensemble 2 after 1 epoch { }"
            "stage", "stage 1 { learn reconstruct }"
            "expect", "expect accuracy 1 on a from \"T\""
            "report", "report { table accuracy }"
        ]

    Assert.Equal<string list>(names Phrases.statements, written |> List.map fst)

    for _, text in written do
        let parsed = Parser.parse (source text)
        Assert.Empty parsed.Diagnostics

        Assert.False(
            parsed.Statements
            |> List.exists (fun s ->
                match s.Value with
                | StatementItem.Setting _ -> true
                | _ -> false)
        )

[<Fact>]
let ``what a setting takes is told by its own reader`` () =
    let takes name =
        Settings.tryFind name |> Option.map _.Expected

    Assert.Equal(Some "a whole number from 1 to 65536", takes "batch")
    Assert.Equal(Some "a switch: on or off", takes "shuffle")

[<Fact>]
let ``every code of a message is explained`` () =
    Assert.StartsWith("No setting has this name.", (Explanations.tryFind "FRZ010").Value)
    Assert.Equal(None, Explanations.tryFind "FRZ999")

// Names ------------------------------------------------------------------------------------------------------

let private occurrences (text: string) =
    let loaded = Imports.load alone.Files (source text)
    Names.occurrences (Imports.all loaded.Root)

/// Where a name stands, of all that mean the same as its first definition.
let private placesOf kind name text =
    let all = occurrences text

    let first =
        all |> List.find (fun o -> o.IsDefinition && o.Kind = kind && o.Name = name)

    all |> List.filter (Names.areOfOne first) |> List.map _.Span.Start |> List.sort

[<Fact>]
let ``a let is used in settings, rules, nets, reports and published values`` () =
    let text =
        "let p = 2\nepochs p\nconv1: train p filters\nnet a { conv p 3x3 }\nexpect accuracy 1 on p\nreport { table accuracy by p }\n"

    let expected =
        [
            for i in 0 .. text.Length - 1 do
                if text[i] = 'p' && " \n" |> Seq.contains text[i + 1] && text[i - 1] = ' ' then
                    i
        ]

    Assert.Equal<int list>(expected, placesOf Names.Kind.Let "p" text)
    Assert.Equal(6, expected.Length)

[<Fact>]
let ``a parameter hides a let, and an option of a layer is no name`` () =
    let text =
        "let width = 8\nlet stride = 2\nnet a(width) { conv width 3x3 stride stride; conv stride 1x1 }\nnet a(width)\n"

    Assert.Equal(2, (placesOf Names.Kind.Let "width" text).Length)
    Assert.Equal(2, (placesOf Names.Kind.Local "width" text).Length)
    // The option's own word and the value behind it read alike; the value goes with the net's own names alone.
    Assert.Equal(1, (placesOf Names.Kind.Let "stride" text).Length)

[<Fact>]
let ``a net is used by its short name too`` () =
    let text =
        "net mine(width) { conv width 3x3; linear classes }\nnet [mine-8, mine(16)]\n"

    Assert.Equal<int list>(
        [ 4; text.IndexOf "mine-8"; text.IndexOf "mine(16)" ],
        placesOf Names.Kind.Net "mine" text
    )

[<Fact>]
let ``words of the library are no names`` () =
    Assert.Empty(occurrences "data mnist\nnet lenet\noptimizer sgd(lr 0.1)\nconv1: train init he\n")

[<Fact>]
let ``every name of every example is defined, and stands where it says`` () =
    for path in Directory.GetFiles(under [ "dsl-examples" ], "*.frz") do
        let read = Source.read path |> Result.defaultWith failwith
        let loaded = Imports.load Compile.defaults.Files read
        let all = Names.occurrences (Imports.all loaded.Root)

        for name in all do
            let text = Source.text (Source.at loaded.Sources name.Span.Start) name.Span
            Assert.Equal(name.Name, text)
            Assert.Contains(all, (fun o -> o.IsDefinition && Names.areOfOne o name))

[<Fact>]
let ``decisions count what each rule makes learn`` () =
    let analysis =
        analyse "net lenet\nconv1: zero\nconv2: train 0.4 filters\nfc1: train\nrest: fixed\n"

    let trained =
        Decisions.ofAnalysis analysis
        |> Seq.sortBy _.Key.Start
        |> Seq.map (fun entry -> (List.exactlyOne entry.Value).Counts.Trained)
        |> List.ofSeq

    Assert.Equal<int64 list>([ 0L; 10_020L; 400_500L; 0L ], trained)

[<Fact>]
let ``a mistyped name says what was meant`` () =
    let meant text =
        (analyse text).Diagnostics |> List.map _.Meant

    for text, word in
        [
            "epohcs 3", "epochs"
            "conv1: train 2 filtrs", "filters"
            "convv1: fixed", "conv1"
            "data mnits", "mnist"
            "net wrm-28-4; data cifar10", "wrn-28-4"
            "let pp = 2\nepochs pq", "pp"
        ] do
        Assert.Contains(Some word, meant text)

    Assert.DoesNotContain(true, meant "epochs 0" |> List.map _.IsSome)
