/// How commands are called, helped with, and refused.
module Freeze.Cli.Tests.CallTests

open System.IO
open Expecto
open Freeze.Cli
open Freeze.Cli.Tests.Command
open Freeze.Tests.Expectations

let private read (call: string) =
    CommandLine.read (List.ofArray (call.Split ' '))

[<Tests>]
let tests =
    testList
        "calls"
        [
            testTheory
                "what is mistyped is refused with the nearest, and never taken for a file"
                [
                    "rnu a.frz", "no such command `rnu`; did you mean `run`?"
                    "a.frz", "`a.frz` is a file, and a command comes first: `freeze run a.frz`"
                    "run --jbs 2 a.frz", "freeze run: there is no option `--jbs`; did you mean `--jobs`?"
                    "status -x", "there is no option `-x`; options are --profile, --set"
                    "run a.frz --jobs", "`--jobs` needs a value: --jobs COUNT"
                    "run --jobs --json a.frz", "`--jobs` needs a value"
                    "run a.frz --jobs two", "`--jobs two`: expected a whole number"
                    "run a.frz --json=3", "`--json` takes no value"
                    "run --jobs 2", "FILE… is missing"
                    "submit a.frz", "--slurm is missing"
                    "show a b", "one RUN is enough, and `b` is another"
                    "doctor a.frz", "there is nothing to do with `a.frz`"
                    "help rnu", "did you mean `run`?"
                    "gc -",
                    "freeze gc: `-` is standard input, which only check, fmt, plan and run read: write the text to a file"
                    "check a.frz - -", "`-` is standard input, which is read once"
                    "--versoin", "did you mean `--version`?"
                ]
                (fun (call, message) ->
                    match read call with
                    | CommandLine.Call.Wrong reason -> contains message reason
                    | other -> failtest $"%A{other}"

                    let output = freeze (List.ofArray (call.Split ' '))
                    equal 2 output.Code
                    equal "" output.Text)

            testTheory
                "options stand anywhere, with a space or `=` before their value"
                [
                    "run a.frz --jobs=2 --only=lr=0.1", "run a.frz --jobs 2 --only lr=0.1"
                    "report -o x.html a.frz", "report -o x.html a.frz"
                    "fmt --check -", "fmt --check -"
                    "run a.frz --worker", "run a.frz --worker"
                ]
                (fun (call, sound) -> equal (CommandLine.Call.Sound(sound.Split ' ')) (read call))

            test "the help of every command opens with a sentence and an example, and hides what is internal" {
                for command in CommandLine.commands () do
                    let help = freeze [ "help"; command.Name ]
                    equal 0 help.Code
                    let lines = help.Text.Split '\n'
                    matches @"^[A-Z].*\.$" lines[0]
                    startsWith "  " lines[2]
                    contains ("freeze " + command.Name) lines[2]
                    lacks "worker" help.Text

                    for line in lines do
                        between 0 100 line.Length

                    equal help.Text (freeze [ command.Name; "-h" ]).Text
                    equal help.Text (freeze [ command.Name; "x"; "--help" ]).Text

                for shell in [ "bash"; "zsh"; "fish" ] do
                    lacks "worker" (freeze [ "completions"; shell ]).Text
            }

            test "every example is a call that can be made" {
                for command in CommandLine.commands () do
                    let call = command.Example.Replace("source <(", "").TrimEnd(')').Split(' ', 2)
                    equal "freeze" call[0]

                    match read call[1] with
                    | CommandLine.Call.Sound _ -> ()
                    | other -> failtest $"{command.Example}: %A{other}"
            }

            testTheory
                "--only takes a value by its text, or else by its number"
                [
                    "p=1.0", [ "p=1.0" ]
                    "p=1", [ "p=1.0"; "p=1 filter" ]
                    "p=0.50", [ "p=0.5" ]
                ]
                (fun (only, expected) ->
                    let source = file "let p = [0.5, 1.0, 1 filter]; conv: train p filters; rest: fixed"

                    let plan = freeze [ "plan"; source; "--json"; "--only"; only ]

                    equal
                        expected
                        [
                            for run in (items plan).EnumerateArray() -> run.GetProperty("name").GetString()
                        ])

            test "processes side by side cannot read standard input" {
                let output = freeze [ "run"; "-"; "--jobs"; "2" ]
                refused "one process alone can read: leave out --jobs" output
                // It is not even looked at.
                lacks "standard input:1" output.Errors
            }

            test "freeze alone and freeze help list every command" {
                let alone, help = freeze [], freeze [ "help" ]
                equal help.Text (freeze [ "help"; "help" ]).Text
                equal 2 alone.Code
                equal 0 help.Code
                equal (help.Text.TrimEnd()) (alone.Errors.TrimEnd())

                for command in CommandLine.commands () do
                    contains $"\n  {command.Name} " help.Text
            }

            test "run looks first: data and the store are spoken of once, and nothing starts" {
                let source = file "data cifar10; seed 1..5; epochs 1"
                let store = folder ()

                let output =
                    freezeWith
                        [ "XDG_CACHE_HOME", folder (); "FREEZE_DATA", "" ]
                        [ "run"; source; "--store"; store ]

                equal 2 output.Code
                equal "" output.Text
                equal 2 (output.Errors.Split "is not on this machine").Length
                isEmpty (Directory.GetFileSystemEntries store)

                let unwritable = freeze [ "run"; file quick; "--store"; "/proc/freeze" ]
                refused "runs cannot be kept in /proc/freeze" unwritable
                contains "--store or FREEZE_STORE" unwritable.Errors
            }

            test "run installs no system package unless it is asked to" {
                if File.Exists "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz" then
                    skiptest "the package is installed here"

                let output =
                    freezeWith
                        [ "XDG_CACHE_HOME", folder (); "FREEZE_DATA", ""; "PATH", folder () ]
                        [ "run"; file "data fashion-mnist"; "--store"; folder () ]

                equal 2 output.Code
                lacks "installing" output.Errors
                contains "freeze data fashion-mnist" output.Errors
                contains "--fetch" output.Errors
            }

            test "a batch that is done says that there is nothing to do" {
                let store, source =
                    folder (), file (quick.Replace("images 640", "images 128") + "seed 1..2")

                let first = freeze [ "run"; source; "--store"; store ]
                equal 0 first.Code
                lacks "Nothing to do" first.Text
                matches @"(?m)^2 runs in \d+ s, [\d,]+ an hour\.$" first.Text
                let again = freeze [ "run"; source; "--store"; store ]
                equal 0 again.Code
                contains "Nothing to do: 2 of 2 runs finished." again.Text
                lacks "an hour" again.Text
            }

            test "the test set is never called validation" {
                let store = folder ()

                let source =
                    file (quick.Replace("images 640", "images 128") + "validate [test, 32]")

                let output = freeze [ "run"; source; "--store"; store; "--only"; "validate=test" ]
                contains "  test " output.Errors
                contains "best test" output.Text
                contains "chosen on the test set" output.Text
                lacks "validation" (output.Text + output.Errors)

                contains
                    "(chosen on the test set)"
                    (freeze [ "show"; "validate=test"; "--store"; store ]).Text

                let held = freeze [ "run"; source; "--store"; store; "--only"; "validate=32" ]
                contains "  validation " held.Errors
                contains "best validation" held.Text
                lacks "chosen on" held.Text
            }

            test "show, report, gc and submit have JSON too" {
                let store, source =
                    folder (), file (quick.Replace("images 640", "images 128") + "seed 1..2")

                equal 0 (freeze [ "run"; source; "--store"; store; "--only"; "seed=1" ]).Code

                let shown = json (freeze [ "show"; "seed=1"; "--store"; store; "--json" ])
                equal 1 (shown.GetProperty("schema").GetInt32())
                equal "done" (shown.GetProperty("state").GetString())
                equal "seed=1" (shown.GetProperty("plan").GetProperty("name").GetString())
                between 0.0 1.0 (shown.GetProperty("result").GetProperty("testAccuracy").GetDouble())

                let page = Path.Combine(folder (), "r.html")

                let report =
                    json (freeze [ "report"; source; "--store"; store; "--no-maps"; "-o"; page; "--json" ])

                equal
                    (2, 1)
                    (report.GetProperty("runs").GetInt32(), report.GetProperty("finished").GetInt32())

                equal page (report.GetProperty("written").[0].GetString())

                let chosen =
                    json (
                        freeze
                            [
                                "report"
                                source
                                "--store"
                                store
                                "--no-maps"
                                "-o"
                                page
                                "--json"
                                "--only"
                                "seed=1"
                                "--set"
                                "epochs=1"
                            ]
                    )

                equal 1 (chosen.GetProperty("runs").GetInt32())

                let submitted =
                    json (freeze [ "submit"; source; "--slurm"; "--dry-run"; "--json"; "--store"; store ])

                let job = submitted.GetProperty("jobs").[0]
                equal 1 (job.GetProperty("tasks").GetInt32())
                equal "seed=2" (job.GetProperty("runs").[0].GetProperty("name").GetString())
                equal "finished" (submitted.GetProperty("leftOut").[0].GetProperty("reason").GetString())

                let other = file (quick + "seed 9")
                equal 2 (freeze [ "gc"; other; "--store"; store; "--json" ]).Code
                let removed = json (freeze [ "gc"; other; "--store"; store; "--json"; "--yes" ])
                isFalse (removed.GetProperty("dryRun").GetBoolean())
                equal "seed=1" (removed.GetProperty("removed").[0].GetProperty("name").GetString())
                isEmpty (Directory.GetDirectories store)
            }

            test "docs/json.md has every command that takes --json" {
                let text = File.ReadAllText(Path.Combine(root, "docs", "json.md"))

                for command in CommandLine.commands () do
                    if
                        command.Options
                        |> List.exists (fun option -> List.contains "--json" option.Names)
                    then
                        contains $"\n| `{command.Name}` |" text
            }
        ]
