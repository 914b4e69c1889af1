module Freeze.Cli.Tests.CheckTests

open System.IO
open Freeze.Cli.Tests.Command
open Xunit

[<Fact>]
let ``a good file is fine`` () =
    let output = freeze [ "check"; "dsl-examples/lenet-each-layer.frz" ]
    Assert.Equal((0, "dsl-examples/lenet-each-layer.frz: fine, 15 runs\n"), (output.Code, output.Text))

[<Fact>]
let ``all errors come at once, each with its line underlined`` () =
    let path = file "epoch 3\nconv3: fixed\n"
    let output = freeze [ "check"; path ]
    Assert.Equal(2, output.Code)

    let expected =
        $"error FRZ010: unknown setting `epoch`
  --> {path}:1:1
   |
 1 | epoch 3
   | ^^^^^ did you mean `epochs`?

error FRZ012: unknown selector `conv3`
  --> {path}:2:1
   |
 2 | conv3: fixed
   | ^^^^^ did you mean `conv1`? net lenet has conv1, conv2, fc1 and fc2

2 errors
"

    Assert.Equal(expected, output.Errors)

[<Fact>]
let ``diagnostics come as JSON too`` () =
    let output = freeze [ "check"; "--json"; file "epochs 3\nepochs 4" ]
    Assert.Equal(2, output.Code)
    let only = (json output).[0]
    Assert.Equal("FRZ011", only.GetProperty("code").GetString())
    Assert.Equal((2, 1), (only.GetProperty("line").GetInt32(), only.GetProperty("column").GetInt32()))
    Assert.Equal(1, only.GetProperty("notes").[0].GetProperty("line").GetInt32())

[<Fact>]
let ``warnings are said and are fine`` () =
    let output = freeze [ "check"; file "let p = 3" ]
    Assert.Equal(0, output.Code)
    Assert.Contains("warning FRZ103", output.Errors)

[<Theory>]
[<InlineData("missing.frz", "there is no such file")>]
[<InlineData("dsl-examples", "it is a folder, not a file")>]
[<InlineData("/dev/zero", "too large")>]
let ``what cannot be read is named with the reason`` (path: string) (reason: string) =
    let output = freeze [ "check"; path ]
    Assert.Equal(2, output.Code)
    Assert.Contains("FRZ001", output.Errors)
    Assert.Contains(reason, output.Errors)

[<Theory>]
[<InlineData("--colour")>]
[<InlineData("chek")>]
[<InlineData("run")>]
[<InlineData("")>]
let ``a wrong call shows how it is written`` (argument: string) =
    let output = freeze (if argument = "" then [] else [ argument ])
    Assert.Equal(2, output.Code)
    Assert.Contains("--help", output.Errors)

[<Fact>]
let ``help and version are fine`` () =
    Assert.Equal(0, (freeze [ "--help" ]).Code)
    Assert.Matches("^Freeze \\d+\\.\\d+\\.\\d+\n$", (freeze [ "--version" ]).Text)

[<Fact>]
let ``a long line is shown around its mistake`` () =
    let path = Path.Combine(folder (), "long.frz")
    File.WriteAllText(path, "seed [" + String.replicate 5000 "1, " + "x]")
    let output = freeze [ "check"; path ]
    Assert.Contains("unknown name `x`", output.Errors)
    Assert.All(output.Errors.Split '\n', fun line -> Assert.InRange(line.Length, 0, 200))
