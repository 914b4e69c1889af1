module Freeze.Cli.Tests.LanguageToolTests

open System.Diagnostics
open System.IO
open System.Text.Json
open Freeze.Cli.Tests.Command
open Xunit

let private untidy = "data mnist   # digits\nepochs   3;net lenet\nconv1:fixed\n"
let private tidy = "data mnist  # digits\nepochs 3; net lenet\nconv1: fixed\n"

[<Fact>]
let ``fmt puts a file into canonical form, in place`` () =
    let path = file untidy
    let output = freeze [ "fmt"; path ]
    Assert.Equal((0, "", ""), (output.Code, output.Text, output.Errors))
    Assert.Equal(tidy, File.ReadAllText path)
    Assert.Equal<string[]>([| path |], Directory.GetFiles(Path.GetDirectoryName path))

[<Fact>]
let ``fmt --check changes nothing and says which files differ`` () =
    let path = file untidy
    let output = freeze [ "fmt"; "--check"; path ]
    Assert.Equal(2, output.Code)
    Assert.Contains($"{path} is not in canonical form", output.Errors)
    Assert.Equal(untidy, File.ReadAllText path)
    Assert.Equal(0, (freeze [ "fmt"; "--check"; file tidy ]).Code)

[<Fact>]
let ``fmt leaves a file that it cannot read as it is, with its diagnostics`` () =
    let path = file "conv1: frozen\n"
    let output = freeze [ "fmt"; path ]
    Assert.Equal(2, output.Code)
    Assert.Contains("FRZ002", output.Errors)
    Assert.Contains("left as it is", output.Errors)
    Assert.Equal("conv1: frozen\n", File.ReadAllText path)

[<Fact>]
let ``fmt of - reads standard input and writes standard output`` () =
    let info =
        ProcessStartInfo(
            "dotnet",
            [ Path.Combine(System.AppContext.BaseDirectory, "freeze.dll"); "fmt"; "-" ]
        )

    info.RedirectStandardInput <- true
    info.RedirectStandardOutput <- true
    use started = Process.Start info
    started.StandardInput.Write untidy
    started.StandardInput.Close()
    Assert.Equal(tidy, started.StandardOutput.ReadToEnd())
    started.WaitForExit()
    Assert.Equal(0, started.ExitCode)

[<Fact>]
let ``diff sees no change in comments, order of settings and names of lets`` () =
    let before =
        file "epochs 3; batch 64\nlet p = [0.1, 0.4]\nconv: train p filters; rest: fixed\n"

    let after =
        file
            "# shares of filters\nbatch 64\nepochs 3\nlet share = [0.1, 0.4]\nconv: train share filters; rest: fixed\n"

    let output = freeze [ "diff"; before; after ]
    Assert.Equal((0, "The same in meaning.\n"), (output.Code, output.Text))

[<Fact>]
let ``diff tells runs added, gone and changed, and what changed`` () =
    let before = file "case a { conv1: fixed }; case b { conv2: fixed }\n"

    let after =
        file "case a { conv1: fixed }; case b { conv2: zero; epochs 3 }; case c { fc1: fixed }\n"

    let output = freeze [ "diff"; before; after ]
    Assert.Equal(0, output.Code)
    Assert.Contains("~ b\n", output.Text)
    Assert.Contains("epochs: 10 → 3", output.Text)
    Assert.Contains("conv2.weight and conv2.bias: fixed, start uniform ±0.0447 → zero", output.Text)
    Assert.Contains("+ c\n", output.Text)
    Assert.DoesNotContain("a\n", output.Text.Replace("+ c\n", ""))

    let json = freeze [ "diff"; before; after; "--json" ]
    let differences = JsonDocument.Parse(json.Text).RootElement
    Assert.Equal(2, differences.GetArrayLength())
    Assert.Equal("changed", differences[0].GetProperty("difference").GetString())

let private git folder (arguments: string list) =
    let info = ProcessStartInfo("git", "-C" :: folder :: arguments)
    info.RedirectStandardOutput <- true
    use started = Process.Start info
    started.StandardOutput.ReadToEnd() |> ignore
    started.WaitForExit()
    Assert.Equal(0, started.ExitCode)

[<Fact>]
let ``diff compares with a git revision, its imports too`` () =
    let folder = folder ()
    File.WriteAllText(Path.Combine(folder, "common.frz"), "epochs 3\n")
    File.WriteAllText(Path.Combine(folder, "a.frz"), "import \"common.frz\"\nconv1: fixed\n")
    git folder [ "init"; "-q" ]
    git folder [ "add"; "." ]
    git folder [ "-c"; "user.name=t"; "-c"; "user.email=t@t"; "commit"; "-qm"; "first" ]
    File.WriteAllText(Path.Combine(folder, "common.frz"), "epochs 5\n")

    let output = freezeIn folder [ "diff"; "HEAD:a.frz"; "a.frz" ]
    Assert.Equal("", output.Errors)
    Assert.Contains("epochs: 3 → 5", output.Text)

    let missing = freezeIn folder [ "diff"; "HEAD:b.frz"; "a.frz" ]
    Assert.Equal(2, missing.Code)
    Assert.Contains("cannot be read", missing.Errors)

[<Fact>]
let ``explain tells what a code means, or the nearest`` () =
    let output = freeze [ "explain"; "frz012" ]
    Assert.Equal(0, output.Code)
    Assert.StartsWith("FRZ012: No part of the net has this name.", output.Text)
    Assert.All(output.Text.Split '\n', fun line -> Assert.InRange(line.Length, 0, 100))

    let unknown = freeze [ "explain"; "FRZ912" ]
    Assert.Equal(2, unknown.Code)
    Assert.Contains("no message has the code FRZ912", unknown.Errors)

[<Fact>]
let ``nets lists the built-in nets, and prints one that can be used as it stands`` () =
    let list = freeze [ "nets" ]
    Assert.Equal(0, list.Code)
    Assert.Contains("wrn(depth, widen, drop = 0)", list.Text)

    let source = freeze [ "nets"; "wrn-28-4" ]
    Assert.StartsWith("# Wide residual net", source.Text)

    let copied =
        file (source.Text.Replace("net wrn(", "net mine(") + "\nnet mine-28-4; data cifar10\n")

    Assert.Contains("fine, 1 run", (freeze [ "check"; copied ]).Text)

    let unknown = freeze [ "nets"; "wrm-28-4" ]
    Assert.Equal(2, unknown.Code)
    Assert.Contains("did you mean", unknown.Errors)

[<Fact>]
let ``completions have every command, for three shells`` () =
    for shell in [ "bash"; "zsh"; "fish" ] do
        let output = freeze [ "completions"; shell ]
        Assert.Equal(0, output.Code)

        for word in
            [
                "check"
                "plan"
                "lsp"
                "explain"
                "wrn"
                "cifar100"
                "FRZ012"
                "profile"
                "winograd"
            ] do
            Assert.Contains(word, output.Text)

    let unknown = freeze [ "completions"; "fissh" ]
    Assert.Equal(2, unknown.Code)
    Assert.Contains("did you mean fish?", unknown.Errors)

[<Fact>]
let ``bash completes commands, words and files with what is printed`` () =
    let script =
        freeze [ "completions"; "bash" ]
        |> _.Text
        |> fun text ->
            text
            + "\nCOMP_WORDS=(freeze expl); COMP_CWORD=1; _freeze; echo ${COMPREPLY[@]}"
            + "\nCOMP_WORDS=(freeze nets al); COMP_CWORD=2; _freeze; echo ${COMPREPLY[@]}"
            + "\nCOMP_WORDS=(freeze check READ); COMP_CWORD=2; _freeze; echo ${COMPREPLY[@]}"
            + "\nCOMP_WORDS=(freeze run a.frz --without p); COMP_CWORD=4; _freeze; echo ${COMPREPLY[@]}\n"

    let info = ProcessStartInfo("bash", [ "--norc"; file script ])
    info.RedirectStandardOutput <- true
    info.WorkingDirectory <- root
    use started = Process.Start info
    Assert.Equal("explain\nalexnet\nREADME.md\nprefix pool-relu\n", started.StandardOutput.ReadToEnd())
    started.WaitForExit()

[<Fact>]
let ``a profile is asked for by name, and a file without it is an error`` () =
    let path =
        file (
            quick
            + "conv1: fixed; epochs 3\nprofile short { epochs 2 }\n".Replace("; epochs 3", "")
        )

    let plan = freeze [ "plan"; "--profile"; "short"; "--json"; path ]
    let run = (JsonDocument.Parse plan.Text).RootElement[0]
    Assert.Equal("short", run.GetProperty("profile").GetString())
    Assert.Equal(2, run.GetProperty("recipe").GetProperty("epochs").GetInt32())

    let unknown = freeze [ "check"; "--profile"; "long"; path ]
    Assert.Equal(2, unknown.Code)
    Assert.Contains("this file has no profile `long`", unknown.Errors)

[<Fact>]
let ``a mistake in an imported file is told there`` () =
    let folder = folder ()
    File.WriteAllText(Path.Combine(folder, "common.frz"), "batch 64\nepoch 3\n")
    let path = Path.Combine(folder, "a.frz")
    File.WriteAllText(path, "import \"common.frz\"\n")
    let output = freeze [ "check"; path ]
    Assert.Equal(2, output.Code)
    Assert.Contains("common.frz:2:1", output.Errors)
    Assert.Contains("2 | epoch 3", output.Errors)
