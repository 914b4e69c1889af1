/// What editors ask of the language: tokens, places, candidates, names.
module Freeze.Language.Tests.EditorTests

open System.IO
open FsCheck
open FsCheck.FSharp
open Expecto
open Freeze.Language
open Freeze.Language.Syntax
open Freeze.Language.Tests.Files
open Freeze.Tests.Expectations

let private texts kind (text: string) =
    Scanner.tokens (source text)
    |> Array.filter (fun token -> token.Kind = kind)
    |> Array.map (fun token -> Source.text (source text) token.Span)
    |> List.ofArray

/// The cursor at the `|` of a text.
let private cursor (marked: string) =
    let offset = marked.IndexOf '|'
    let source = source (marked.Remove(offset, 1))
    Cursor.at source (Scanner.tokens source) offset

// The tables -------------------------------------------------------------------------------------------------

let private names entries = Vocabulary.names entries

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

[<Tests>]
let tests =
    testList
        "editor support"
        [
            test "names and numbers are scanned as the parser reads them" {
                equal [ "wrn-28-4"; "depth"; "a_1" ] (texts Scanner.TokenKind.Word "wrn-28-4 depth - 4 a_1-")

                equal
                    [ "12"; "0.4"; ".4"; "5e-4"; "40%"; "0.1x"; "3x5"; "1"; "4" ]
                    (texts Scanner.TokenKind.Number "12 0.4 .4 5e-4 40% 0.1x 3x5 1..4")

                equal [ "\"a # b\""; "\"open" ] (texts Scanner.TokenKind.Text "\"a # b\" x \"open\n")
                equal [ "# a \"b" ] (texts Scanner.TokenKind.Comment "x # a \"b\n")
            }

            testProperty
                "tokens of any text cover all but white space, in order"
                (fun (text: NonNull<string>) ->
                    let source = source text.Get
                    let tokens = Scanner.tokens source

                    let gaps =
                        Array.append [| 0 |] (tokens |> Array.map _.Span.End)
                        |> Array.zip (Array.append (tokens |> Array.map _.Span.Start) [| text.Get.Length |])

                    gaps
                    |> Array.forall (fun (next, last) ->
                        next >= last
                        && text.Get.Substring(last, next - last)
                           |> Seq.forall (fun c -> c = ' ' || c = '\t')))

            test "a cursor knows its blocks, its statement and its call" {
                let found = cursor "epochs 3\ncase a { conv1: train 3 fi|"
                equal [ Cursor.Block.Case "a" ] found.Blocks
                equal [ "conv1"; ":"; "train"; "3" ] found.Before
                equal 2 (found.Word.End - found.Word.Start)
                equal None found.Call

                equal (Some "sgd") (cursor "optimizer sgd(lr 0.1, |").Call
                equal None (cursor "optimizer sgd(lr 0.1); |").Call

                equal [ Cursor.Block.Net "a"; Cursor.Block.Net "a" ] (cursor "net a { residual { |").Blocks

                equal [] (cursor "case a { }\n|").Blocks
                equal [ Cursor.Block.Net "a"; Cursor.Block.Names ] (cursor "net a { names b, c { |").Blocks
                equal [ Cursor.Block.Net "a"; Cursor.Block.Net "a" ] (cursor "net a { names { |").Blocks

                equal [ Cursor.Block.Net "a" ] (cursor "net a(x, y = 2) { |").Blocks
                isEmpty (cursor "let p = [\n    1,\n|").Blocks
                equal [ "let"; "p"; "="; "["; "1"; "," ] (cursor "let p = [\n    1,\n|").Before
            }

            test "a path is one word, a range is not" {
                let width marked =
                    let word = (cursor marked).Word
                    word.End - word.Start

                equal ("block*.conv1".Length) (width "block*.conv1|: fixed")
                equal 0 (width "layers 1..|")
            }

            test "in comments and texts a cursor is in prose" {
                for marked in [ "# a|"; "epochs 3 # |"; "import \"a|"; "import \"|\""; "import \"|" ] do
                    Expect.isTrue (cursor marked).IsProse marked

                for marked in [ "|# a"; "import \"a\"|"; "# a\n|" ] do
                    Expect.isFalse (cursor marked).IsProse marked
            }

            testProperty
                "a cursor is found anywhere in any text"
                (fun (text: NonNull<string>) (place: NonNegativeInt) ->
                    let source = source text.Get
                    let offset = place.Get % (text.Get.Length + 1)
                    let found = Cursor.at source (Scanner.tokens source) offset
                    found.Word.End = offset && found.Word.Start >= 0)

            test "the usages in the tables of values and actions are valid" {
                let context setting =
                    match setting with
                    | "search" -> "validate 5000; lr ~ 1e-3 * 10^normal(0, 1); "
                    | "stop"
                    | "keep"
                    | "schedule" -> "validate 5000; "
                    | "normalise" -> "data cifar10; "
                    | "start" -> "case before { start random }; "
                    | _ -> ""

                for setting in Settings.table do
                    let name = setting.Entry.Name

                    for value in setting.Values do
                        let stagewise = value.Usage.Contains "stage"

                        // There is no folder of images here.
                        if not (stagewise || value.Name = "folder") then
                            equal [] (codes $"{context name}{name} {value.Usage}\n")

                    if name <> "search" then
                        equal [] (codes (setting.Entry.Usage + "\n"))
            }

            test "a modifier's usage can follow some action" {
                for entry in Phrases.modifiers do
                    let texts =
                        [ "conv1: train 0.5 filters "; "bn1: train "; "fc: solve " ]
                        |> List.map (fun rule ->
                            (Parser.parse (
                                source (rule + entry.Usage.Replace("FILE", "a").Replace("SCHEME", "he"))
                            ))
                                .Diagnostics)

                    includes [] texts
            }

            test "the table lists the statements that the parser reads" {
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

                equal (names Phrases.statements) (written |> List.map fst)

                for _, text in written do
                    let parsed = Parser.parse (source text)
                    isEmpty parsed.Diagnostics

                    isFalse (
                        parsed.Statements
                        |> List.exists (fun s ->
                            match s.Value with
                            | StatementItem.Setting _ -> true
                            | _ -> false)
                    )
            }

            test "a setting's own reader says what it takes" {
                let takes name =
                    Settings.tryFind name |> Option.map _.Expected

                equal (Some "a whole number from 1 to 65536") (takes "batch")
                equal (Some "a switch: on or off") (takes "shuffle")
            }

            test "a path through blocks that use themselves is followed in no time" {
                let net =
                    "net a { block b { x: b; b1: b; b2: b; b3: b; b4: b }; b; b1: b; b2: b }"
                    |> source
                    |> Parser.parse
                    |> _.Statements
                    |> List.pick (fun statement ->
                        match statement.Value with
                        | Syntax.StatementItem.Net net -> Some net
                        | _ -> None)

                let deep = String.replicate 15 "b1."
                equal None (Names.partOf net (deep + "nothing"))
                isTrue (Names.partOf net (deep + "b4")).IsSome
            }

            test "every code of a message is explained" {
                startsWith "No setting has this name." (Explanations.tryFind "FRZ010").Value
                equal None (Explanations.tryFind "FRZ999")
            }

            test "a let is used in settings, rules, nets, reports and published values" {
                let text =
                    "let p = 2\nepochs p\nconv1: train p filters\nnet a { conv p 3x3 }\nexpect accuracy 1 on p\nreport { table accuracy by p }\n"

                let expected =
                    [
                        for i in 0 .. text.Length - 1 do
                            if text[i] = 'p' && " \n" |> Seq.contains text[i + 1] && text[i - 1] = ' ' then
                                i
                    ]

                equal expected (placesOf Names.NameKind.Let "p" text)
                equal 6 expected.Length
            }

            test "a parameter hides a let, and an option of a layer is no name" {
                let text =
                    "let width = 8\nlet stride = 2\nnet a(width) { conv width 3x3 stride stride; conv stride 1x1 }\nnet a(width)\n"

                equal 2 (placesOf Names.NameKind.Let "width" text).Length
                equal 2 (placesOf Names.NameKind.Local "width" text).Length

                equal
                    [ 11; 29; 33 ]
                    (placesOf Names.NameKind.Local "i" "each layer i: train lr 0.1 * i + i\nlet i = 2")
                // The option's own word and the value behind it read alike; the value goes with the net's own names alone.
                equal 1 (placesOf Names.NameKind.Let "stride" text).Length
            }

            test "a net is used by its short name too" {
                let text =
                    "net mine(width) { conv width 3x3; linear classes }\nnet [mine-8, mine(16)]\n"

                equal
                    [ 4; text.IndexOf "mine-8"; text.IndexOf "mine(16)" ]
                    (placesOf Names.NameKind.Net "mine" text)
            }

            test "words of the library are no names" {
                isEmpty (occurrences "data mnist\nnet lenet\noptimizer sgd(lr 0.1)\nconv1: train init he\n")
            }

            test "every name of every example is defined, and its place holds its text" {
                for path in Directory.GetFiles(under [ "dsl-examples" ], "*.frz") do
                    let read = Source.read path |> Result.defaultWith failwith
                    let loaded = Imports.load Compile.defaults.Files read
                    let all = Names.occurrences (Imports.all loaded.Root)

                    for name in all do
                        let text = Source.text (Source.at loaded.Sources name.Span.Start) name.Span
                        equal name.Name text
                        exists (fun (o: Names.Occurrence) -> o.IsDefinition && Names.areOfOne o name) all
            }

            test "decisions count the scalars that each rule trains" {
                let analysis =
                    analyse "net lenet\nconv1: zero\nconv2: train 0.4 filters\nfc1: train\nrest: fixed\n"

                let trained =
                    Decisions.ofAnalysis analysis
                    |> Seq.sortBy _.Key.Start
                    |> Seq.map (fun entry -> (List.exactlyOne entry.Value).Counts.Trained)
                    |> List.ofSeq

                equal [ 0L; 10_020L; 400_500L; 0L ] trained
            }

            test "a mistyped name says what was meant" {
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
                    includes (Some word) (meant text)

                excludes true (meant "epochs 0" |> List.map _.IsSome)
            }
        ]
