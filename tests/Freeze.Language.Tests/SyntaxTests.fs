module Freeze.Language.Tests.SyntaxTests

open Freeze
open Freeze.Language
open Freeze.Language.Tests.Files
open Xunit

[<Fact>]
let ``newlines and semicolons end statements alike`` () =
    let one = runs "data mnist-sample; epochs 3; conv1: fixed; rest: train"

    let other =
        runs "data mnist-sample\nepochs 3 # three\n\n\nconv1: fixed;\n  rest: train"

    Assert.Equal(one[0].Recipe, other[0].Recipe)

[<Fact>]
let ``line ends and a byte order mark of other systems mean nothing`` () =
    let bytes =
        System.Text.Encoding.UTF8.GetBytes "\uFEFFdata mnist-sample\r\nepochs 3\r\nconv1: fixed\r\n"

    match Source.ofBytes "x.frz" bytes with
    | Ok source ->
        Assert.Equal(
            runs("data mnist-sample; epochs 3; conv1: fixed").[0].Recipe,
            (Compile.analyse alone source).Runs[0].Recipe
        )
    | Error reason -> Assert.Fail reason

[<Theory>]
[<InlineData("8 * 2", 16)>]
[<InlineData("2 + 3 * 4", 14)>]
[<InlineData("(2 + 3) * 4", 20)>]
[<InlineData("10 - 4 - 3", 3)>]
[<InlineData("2 ^ 5", 32)>]
[<InlineData("12 / 4", 3)>]
[<InlineData("-3 + 5", 2)>]
[<InlineData("1e2", -1)>]
let ``arithmetic is that of school`` (text: string) (expected: int) =
    match expected with
    // A whole number is written whole.
    | -1 -> Assert.Equal<string list>([ "FRZ020" ], codes $"epochs {text}")
    | _ -> Assert.Equal(expected, runs($"let n = {text}; epochs n").[0].Recipe.Epochs)

[<Fact>]
let ``a minus without spaces is part of a name`` () =
    let message =
        (analyse "let depth = 5; epochs depth-4").Diagnostics
        |> List.find (fun d -> d.Code = "FRZ014")

    Assert.Contains("spaces around the minus", message.Label)

[<Fact>]
let ``one mistake costs one statement`` () =
    let text = "epochs 3\nconv1 fixd:\nbatch 64 )\nseed 5\nconv2: frozen\nfc1: fixed"
    let analysis = analyse text
    Assert.Equal<string list>([ "FRZ002"; "FRZ002"; "FRZ002" ], analysis.Diagnostics |> List.map _.Code)
    let recipe = analysis.Runs[0].Recipe
    Assert.Equal(3, recipe.Epochs)
    Assert.Equal(5L, recipe.Seed)
    Assert.Equal(Treatment.Still Stillness.Fixed, treatment "fc1.weight" analysis.Runs[0])

[<Fact>]
let ``spans end where the text does, not at the space or comment behind it`` () =
    let source = source "conv1: fixed   # why\nconv1: train\n"
    let warning = (Compile.analyse alone source).Diagnostics |> List.exactlyOne

    Assert.Equal(
        "conv1: fixed",
        source.Text.Substring(warning.Span.Start, warning.Span.End - warning.Span.Start)
    )
