/// Input is hostile until checked: the language returns, within bounded time, for every text.
module Freeze.Language.Tests.HostileTests

open System
open System.Diagnostics
open System.IO
open FsCheck
open FsCheck.FSharp
open Freeze.Language
open Freeze.Language.Tests.Files
open Xunit

/// Generous, since machines are shared; what it guards against is minutes.
let private bound = TimeSpan.FromSeconds 10.0

let private returns (text: string) =
    let watch = Stopwatch.StartNew()
    let analysis = analyse text
    Assert.True(watch.Elapsed < bound, $"{watch.Elapsed} for {text.Length} characters")

    for diagnostic in analysis.Diagnostics do
        Assert.InRange(diagnostic.Span.Start, 0, text.Length)

    analysis

let private long (unit: string) =
    String.replicate (1_000_000 / unit.Length) unit

[<Theory>]
[<InlineData("{")>]
[<InlineData("}")>]
[<InlineData("(")>]
[<InlineData("[")>]
[<InlineData("a(")>]
[<InlineData("a {")>]
[<InlineData("case a {")>]
[<InlineData("let a = (")>]
[<InlineData("-")>]
[<InlineData("1+")>]
[<InlineData("conv,")>]
[<InlineData("a in ")>]
[<InlineData("a.")>]
[<InlineData("*")>]
[<InlineData("#\n")>]
[<InlineData(";")>]
[<InlineData("\"")>]
[<InlineData("9")>]
[<InlineData("first ")>]
[<InlineData("net n { ")>]
[<InlineData("x: ")>]
let ``a megabyte of anything is answered`` (unit: string) = returns (long unit) |> ignore

[<Fact>]
let ``a megabyte of deep arithmetic is answered`` () =
    let analysis = returns ("epochs " + long "1 + ")
    Assert.NotEmpty analysis.Diagnostics

[<Fact>]
let ``lets that double in a chain cost no exponential time`` () =
    let chain =
        [ for i in 1..90 -> $"let a{i} = a{i - 1} + a{i - 1} - a{i - 1}" ]
        |> String.concat "\n"

    Assert.Equal(3, runs($"let a0 = 3\n{chain}\nepochs a90").[0].Recipe.Epochs)

[<Fact>]
let ``a let that names itself is an error`` () =
    Assert.Contains("FRZ017", codes "let a = b; let b = a; epochs a")

[<Fact>]
let ``a long chain of lets is an error, not a stack overflow`` () =
    let chain = [ for i in 1..4_000 -> $"let a{i} = a{i + 1}" ] |> String.concat "\n"
    Assert.Contains("FRZ017", codes $"{chain}\nepochs a1")

[<Theory>]
[<InlineData("conv 1000000 1023x1023")>]
[<InlineData("linear 1000000; linear 1000000")>]
[<InlineData("conv 1000000 3x3")>]
let ``a layer too large for any machine is an error`` (layers: string) =
    Assert.Contains("FRZ042", codes $"net n {{ {layers}; linear classes }}; net n; data cifar10")

[<Fact>]
let ``bytes that are no text are refused with a reason`` () =
    let reason bytes =
        match Source.ofBytes "x.frz" bytes with
        | Ok _ -> "accepted"
        | Error reason -> reason

    Assert.Contains("not UTF-8", reason [| 0xC3uy; 0x28uy |])
    Assert.Contains("NUL", reason [| 65uy; 0uy |])
    Assert.Contains("at most", reason (Array.create (Source.largest + 1) 65uy))

let private pieces =
    [
        yield! Vocabulary.names Settings.entries
        yield! Vocabulary.names Vocabulary.layers
        yield! Vocabulary.names Vocabulary.draws
        "repeat 3 {"
        "repeat 1000000000 {"
        "residual {"
        "} shortcut {"
        "dense {"
        "stage 1 {"
        "block b(w, s = 1) {"
        "b(3)"
        "import \"x.frz\""
        "profile p {"
        "expect accuracy 9 on a"
        "report {"
        "ensemble 3 after 1 epoch {"
        "~"
        "search random 3"
        "solve"
        "at random"
        "init he"
        "lr 0.1x"
        "from epoch 3"
        "stats frozen"
        "1e28"
        "1000000000"
        "wrn-10-1"
        "net"
        "lenet"
        "case"
        "let"
        "rest"
        "conv"
        "bn"
        "train"
        "fixed"
        "zero"
        "filters"
        "first"
        "layers"
        "in"
        "except"
        "data"
        "mnist"
        "epochs"
        "sgd(lr 0.1)"
        "a"
        "1"
        "0.4"
        "40%"
        "3x3"
        "1..3"
        "["
        "]"
        "("
        ")"
        "{"
        "}"
        ":"
        ";"
        ","
        "="
        "+"
        " - "
        "*"
        "/"
        "^"
        ".."
        "\n"
        " "
        "#"
        "\""
        "é"
        "\t"
        "\000"
    ]

/// How many random texts a law is tried on: FREEZE_CASES, or a few that take seconds.
let private cases =
    match Int32.TryParse(Environment.GetEnvironmentVariable "FREEZE_CASES") with
    | true, count when count > 0 -> count
    | _ -> 1000

let private soup = Gen.elements pieces |> Gen.listOf |> Gen.map (String.concat " ")

let private examples =
    [| "dsl-examples"; Path.Combine("src", "Freeze.Language", "Library") |]
    |> Array.collect (fun folder -> Directory.GetFiles(under [ folder ], "*.frz"))
    |> Array.map File.ReadAllText

/// An example with some of its characters taken out, doubled or replaced.
let private mutated =
    gen {
        let! text = Gen.elements examples

        let! edits =
            Gen.listOfLength 3 (Gen.zip (Gen.choose (0, text.Length - 1)) (Gen.elements pieces))

        return
            edits
            |> List.fold
                (fun (text: string) (place, piece) ->
                    let place = min place text.Length
                    let removed = min (piece.Length % 3) (text.Length - place)
                    text.Remove(place, removed).Insert(place, piece))
                text
    }

let private neverThrows generator =
    let property text =
        // The same text, the same answer.
        let first, second = returns text, returns text
        first.Diagnostics = second.Diagnostics && first.Runs = second.Runs

    Check.One(Config.QuickThrowOnFailure.WithMaxTest cases, Prop.forAll (Arb.fromGen generator) property)

[<Fact>]
let ``random words are answered, twice alike`` () = neverThrows soup

[<Fact>]
let ``mutilated examples are answered, twice alike`` () = neverThrows mutated

[<Fact>]
let ``random characters are answered, twice alike`` () =
    neverThrows (ArbMap.defaults |> ArbMap.generate<NonNull<string>> |> Gen.map _.Get)
