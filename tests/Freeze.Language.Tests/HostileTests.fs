/// Input is hostile until checked: the language returns, within bounded time, for every text.
module Freeze.Language.Tests.HostileTests

open System
open System.Diagnostics
open System.IO
open FsCheck
open FsCheck.FSharp
open Expecto
open Freeze.Language
open Freeze.Language.Tests.Files
open Freeze.Tests.Expectations

/// Generous, since machines are shared; what it guards against is minutes.
let private bound = TimeSpan.FromSeconds 10.0

let private returns (text: string) =
    let watch = Stopwatch.StartNew()
    let analysis = analyse text
    Expect.isTrue (watch.Elapsed < bound) $"{watch.Elapsed} for {text.Length} characters"

    for diagnostic in analysis.Diagnostics do
        between 0 text.Length diagnostic.Span.Start

    analysis

let private long (unit: string) =
    String.replicate (1_000_000 / unit.Length) unit

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

let private soup = Gen.elements pieces |> Gen.listOf |> Gen.map (String.concat " ")

let private examples =
    lazy
        [| "dsl-examples"; Path.Combine("src", "Freeze.Language", "Library") |]
        |> Array.collect (fun folder -> Directory.GetFiles(under [ folder ], "*.frz"))
        |> Array.map File.ReadAllText

/// An example with some of its characters taken out, doubled or replaced.
let private mutated =
    gen {
        let! text = Gen.elements examples.Value

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

let private answeredAlike text =
    let first, second = returns text, returns text
    first.Diagnostics = second.Diagnostics && first.Runs = second.Runs

let private law name property =
    testPropertyWithConfig (Generators.cases 400) name property

[<Tests>]
let tests =
    testList
        "hostile input"
        [
            testTheory
                "a megabyte of anything is answered"
                [
                    "{"
                    "}"
                    "("
                    "["
                    "a("
                    "a {"
                    "case a {"
                    "let a = ("
                    "-"
                    "1+"
                    "conv,"
                    "a in "
                    "a."
                    "*"
                    "#\n"
                    ";"
                    "\""
                    "9"
                    "first "
                    "net n { "
                    "x: "
                ]
                (fun unit -> returns (long unit) |> ignore)

            test "a megabyte of deep arithmetic is answered" {
                let analysis = returns ("epochs " + long "1 + ")
                isNotEmpty analysis.Diagnostics
            }

            test "lets that double in a chain cost no exponential time" {
                let chain =
                    [ for i in 1..90 -> $"let a{i} = a{i - 1} + a{i - 1} - a{i - 1}" ]
                    |> String.concat "\n"

                equal 3 (runs($"let a0 = 3\n{chain}\nepochs a90").[0].Recipe.Epochs)
            }

            test "a let that names itself is an error" {
                includes "FRZ017" (codes "let a = b; let b = a; epochs a")
            }

            test "a long chain of lets is an error, not a stack overflow" {
                let chain = [ for i in 1..4_000 -> $"let a{i} = a{i + 1}" ] |> String.concat "\n"
                includes "FRZ017" (codes $"{chain}\nepochs a1")
            }

            testTheory
                "a layer too large for any machine is an error"
                [
                    "conv 1000000 1023x1023"
                    "linear 1000000; linear 1000000"
                    "conv 1000000 3x3"
                ]
                (fun layers ->
                    includes "FRZ042" (codes $"net n {{ {layers}; linear classes }}; net n; data cifar10"))

            test "bytes that are no text are refused with a reason" {
                let reason bytes =
                    match Source.ofBytes "x.frz" bytes with
                    | Ok _ -> "accepted"
                    | Error reason -> reason

                contains "not UTF-8" (reason [| 0xC3uy; 0x28uy |])
                contains "NUL" (reason [| 65uy; 0uy |])
                contains "at most" (reason (Array.create (Source.largest + 1) 65uy))
            }

            law "random words are answered, twice alike" (Prop.forAll (Arb.fromGen soup) answeredAlike)
            law
                "mutilated examples are answered, twice alike"
                (Prop.forAll (Arb.fromGen mutated) answeredAlike)

            law "random characters are answered, twice alike" (fun (text: NonNull<string>) ->
                answeredAlike text.Get)
        ]
