module Freeze.Cli.Tests.LanguageToolTests

open System.Diagnostics
open System.IO
open System.Text.Json
open Expecto
open Freeze.Cli.Tests.Command
open Freeze.Tests.Expectations

let private untidy = "data mnist   # digits\nepochs   3;net lenet\nconv1:fixed\n"
let private tidy = "data mnist  # digits\nepochs 3; net lenet\nconv1: fixed\n"

let private git folder (arguments: string list) =
    let info = ProcessStartInfo("git", "-C" :: folder :: arguments)
    info.RedirectStandardOutput <- true
    use started = Process.Start info
    started.StandardOutput.ReadToEnd() |> ignore
    started.WaitForExit()
    equal 0 started.ExitCode

/// The code and the output of a command that reads standard input.
let private reading (command: string) (text: string) =
    let info = ProcessStartInfo("dotnet", [ program; command; "-" ])
    info.RedirectStandardInput <- true
    info.RedirectStandardOutput <- true
    use started = Process.Start info
    started.StandardInput.Write text
    started.StandardInput.Close()
    let written = started.StandardOutput.ReadToEnd()
    started.WaitForExit()
    started.ExitCode, written

[<Tests>]
let tests =
    testList
        "language tools"
        [
            test "fmt puts a file into canonical form, in place" {
                let path = file untidy
                let output = freeze [ "fmt"; path ]
                equal (0, "", "") (output.Code, output.Text, output.Errors)
                equal tidy (File.ReadAllText path)
                equal [| path |] (Directory.GetFiles(Path.GetDirectoryName path))
            }

            test "fmt --check changes nothing and says which files differ" {
                let path = file untidy
                let output = freeze [ "fmt"; "--check"; path ]
                refused $"{path} is not in canonical form" output
                equal untidy (File.ReadAllText path)
                equal 0 (freeze [ "fmt"; "--check"; file tidy ]).Code
            }

            test "fmt leaves a file that it cannot read as it is, with its diagnostics" {
                let path = file "conv1: frozen\n"
                let output = freeze [ "fmt"; path ]
                refused "FRZ002" output
                contains "left as it is" output.Errors
                equal "conv1: frozen\n" (File.ReadAllText path)
            }

            test "diff speaks the language, and tells runs that changed alike once" {
                let before =
                    file "seed 1..3; let p = [0.2, 0.4]; conv2: train p filters; rest: fixed\n"

                let after =
                    file
                        "seed 1..3; let p = [0.2, 0.4]; conv2: train p filters at random lr 0.1x; rest: fixed
                         optimizer adam(lr 1e-3); augment crop(4); validate 500; clip norm(1); data synthetic; net lenet\n"

                let output = freeze [ "diff"; before; after ]
                equal 1 output.Code
                equal "" output.Errors
                contains "~ 3 runs: " output.Text

                contains
                    "optimizer: sgd(lr 0.01, momentum 0.9, decay 0, nesterov off) → adam(lr 0.001, beta1 0.9, "
                    output.Text

                contains "augment: none → crop(4)" output.Text
                contains "validate: test → 500" output.Text
                contains "data: mnist → synthetic" output.Text
                contains "train 10 of 50 filters, rest fixed, start " output.Text
                contains ", lr 0.1x" output.Text

                for code in [ "{"; "\""; "dimension"; "indices" ] do
                    lacks code output.Text
            }

            test "fmt of - reads standard input and writes standard output" {
                equal (0, tidy) (reading "fmt" untidy)
            }

            test "check of - reads standard input, once for all profiles" {
                let code, text =
                    reading "check" "data mnist-sample\nepochs 3; conv1: fixed\nprofile a { epochs 1 }\n"

                equal (0, "standard input: fine, 1 run\n") (code, text)
            }

            test "diff sees no change in comments, order of settings and names of lets" {
                let before =
                    file "epochs 3; batch 64\nlet p = [0.1, 0.4]\nconv: train p filters; rest: fixed\n"

                let after =
                    file
                        "# shares of filters\nbatch 64\nepochs 3\nlet share = [0.1, 0.4]\nconv: train share filters; rest: fixed\n"

                let output = freeze [ "diff"; before; after ]
                equal (0, "The same in meaning.\n") (output.Code, output.Text)
            }

            test "diff tells runs added, gone and changed, and what changed" {
                let before = file "case a { conv1: fixed }; case b { conv2: fixed }\n"

                let after =
                    file "case a { conv1: fixed }; case b { conv2: zero; epochs 3 }; case c { fc1: fixed }\n"

                let output = freeze [ "diff"; before; after ]
                equal 1 output.Code
                contains "~ b\n" output.Text
                contains "epochs: 10 → 3" output.Text
                contains "conv2.weight and conv2.bias: fixed, start uniform ±0.0447 → zero" output.Text
                contains "+ c\n" output.Text
                lacks "a\n" (output.Text.Replace("+ c\n", ""))

                let json = freeze [ "diff"; before; after; "--json" ]
                let differences = items json
                equal 2 (differences.GetArrayLength())
                equal "changed" (differences[0].GetProperty("difference").GetString())
            }

            test "diff compares with a git revision, its imports too" {
                let folder = folder ()
                File.WriteAllText(Path.Combine(folder, "common.frz"), "epochs 3\n")
                File.WriteAllText(Path.Combine(folder, "a.frz"), "import \"common.frz\"\nconv1: fixed\n")
                git folder [ "init"; "-q" ]
                git folder [ "add"; "." ]
                git folder [ "-c"; "user.name=t"; "-c"; "user.email=t@t"; "commit"; "-qm"; "first" ]
                File.WriteAllText(Path.Combine(folder, "common.frz"), "epochs 5\n")

                let output = freezeIn folder [ "diff"; "HEAD:a.frz"; "a.frz" ]
                equal "" output.Errors
                contains "epochs: 3 → 5" output.Text

                let missing = freezeIn folder [ "diff"; "HEAD:b.frz"; "a.frz" ]
                refused "cannot be read" missing
            }

            test "explain tells what a code means, or the nearest" {
                let output = freeze [ "explain"; "frz012" ]
                equal 0 output.Code
                startsWith "FRZ012: No part of the net has this name." output.Text

                for line in output.Text.Split '\n' do
                    between 0 100 line.Length

                let unknown = freeze [ "explain"; "FRZ912" ]
                refused "no message has the code FRZ912" unknown
            }

            test "nets lists the built-in nets, and prints one that can be used as it stands" {
                let list = freeze [ "nets" ]
                equal 0 list.Code
                contains "wrn(depth, widen, drop = 0)" list.Text

                let source = freeze [ "nets"; "wrn-28-4" ]
                startsWith "# Wide residual net" source.Text

                let copied =
                    file (source.Text.Replace("net wrn(", "net mine(") + "\nnet mine-28-4; data cifar10\n")

                contains "fine, 1 run" (freeze [ "check"; copied ]).Text

                let unknown = freeze [ "nets"; "wrm-28-4" ]
                refused "did you mean" unknown
            }

            test "completions have every command, for three shells" {
                for shell in [ "bash"; "zsh"; "fish" ] do
                    let output = freeze [ "completions"; shell ]
                    equal 0 output.Code

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
                        contains word output.Text

                let unknown = freeze [ "completions"; "fissh" ]
                refused "did you mean fish?" unknown
            }

            test "bash completes commands, words and files with what is printed" {
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
                equal "explain\nalexnet\nREADME.md\nprefix pool-relu\n" (started.StandardOutput.ReadToEnd())
                started.WaitForExit()
            }

            test "a profile is asked for by name, and a file without it is an error" {
                let path =
                    file (
                        quick
                        + "conv1: fixed; epochs 3\nprofile short { epochs 2 }\n".Replace("; epochs 3", "")
                    )

                let plan = freeze [ "plan"; "--profile"; "short"; "--json"; path ]
                let run = (JsonDocument.Parse plan.Text).RootElement[0]
                equal "short" (run.GetProperty("profile").GetString())
                equal 2 (run.GetProperty("recipe").GetProperty("epochs").GetInt32())

                let unknown = freeze [ "check"; "--profile"; "long"; path ]
                refused "this file has no profile `long`" unknown
            }

            test "a mistake in an imported file is told there" {
                let folder = folder ()
                File.WriteAllText(Path.Combine(folder, "common.frz"), "batch 64\nepoch 3\n")
                let path = Path.Combine(folder, "a.frz")
                File.WriteAllText(path, "import \"common.frz\"\n")
                let output = freeze [ "check"; path ]
                refused "common.frz:2:1" output
                contains "2 | epoch 3" output.Errors
            }
        ]
