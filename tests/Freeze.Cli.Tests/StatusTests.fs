/// freeze status, show, gc and export.
module Freeze.Cli.Tests.StatusTests

open System.IO
open System.Text.Json
open System.Threading
open Freeze
open Freeze.Cli.Tests.Command
open Xunit

let private two =
    quick.Replace("images 640", "images 128").Replace("lr 0.02", "lr [900, 0.02]")

let private folders (store: string) =
    Directory.GetDirectories store |> Array.map Path.GetFileName |> Array.sort

let private states (output: Output) =
    (json output).EnumerateArray()
    |> Seq.map _.GetProperty("state").GetString()
    |> List.ofSeq

[<Fact>]
let ``status tells what is done, failed, running, interrupted and waiting`` () =
    let store = folder ()
    let source = file (two.Replace("0.02]", "0.02, 0.03]"))

    Assert.Equal(
        1,
        (freeze [ "run"; source; "--store"; store; "--only"; "lr=900"; "--only"; "lr=0.02" ]).Code
    )

    let status = freeze [ "status"; source; "--store"; store; "--json" ]
    Assert.Equal<string list>([ "failed"; "done"; "waiting" ], states status)
    Assert.Contains("diverged", (json status).[0].GetProperty("message").GetString())
    Assert.InRange((json status).[1].GetProperty("testAccuracy").GetDouble(), 0.0, 1.0)

    let text = (freeze [ "status"; source; "--store"; store ]).Text
    Assert.Contains("1 done, 1 waiting, 1 failed", text)

    let long = file (quick.Replace("epochs 1", "epochs 10000"))
    let started = start [ "run"; long; "--store"; store ]

    while Directory.GetFiles(store, "times.jsonl", SearchOption.AllDirectories)
          |> Array.filter (fun path -> FileInfo(path).Length > 0L)
          |> Array.length
            <
            2 do
        Thread.Sleep 50

    let running = (json (freeze [ "status"; long; "--store"; store; "--json" ])).[0]
    Assert.Equal("running", running.GetProperty("state").GetString())
    Assert.Contains($"process {started.Id} of ", running.GetProperty("holder").GetString())
    Assert.InRange(running.GetProperty("epochs").GetInt32(), 1, 9999)
    Assert.InRange(running.GetProperty("secondsLeft").GetDouble(), 1.0, 1e7)
    Assert.Matches("since 20[0-9-]+ [0-9:]+ at process", (freeze [ "status"; long; "--store"; store ]).Text)

    // What runs is not collected, and nothing but runs is.
    let kept = freeze [ "gc"; source; "--store"; store; "--yes" ]
    Assert.Contains("is kept", kept.Errors)
    Assert.False started.HasExited

    started.Kill()
    finish started |> ignore

    Assert.Equal<string list>(
        [ "interrupted" ],
        states (freeze [ "status"; long; "--store"; store; "--json" ])
    )

[<Fact>]
let ``without files status lists the store, and an empty one is said to be empty`` () =
    Assert.Contains("holds no run", (freeze [ "status"; "--store"; folder () ]).Text)
    Assert.Contains("holds no run", (freeze [ "status"; "--store"; "/nonesuch" ]).Text)

[<Fact>]
let ``show finds a run by hash, beginning and name, and export takes its weights away`` () =
    let store, source = folder (), file two
    freeze [ "run"; source; "--store"; store ] |> ignore

    let hashOf state =
        (json (freeze [ "status"; "--store"; store; "--json" ])).EnumerateArray()
        |> Seq.find (fun run -> run.GetProperty("state").GetString() = state)
        |> _.GetProperty("hash").GetString()

    let show run =
        freeze [ "show"; run; "--store"; store ]

    let hash = hashOf "done"

    for name in [ hash; hash.Substring(0, 8); "lr=0.02" ] do
        let output = show name
        Assert.Equal(0, output.Code)
        Assert.Contains(hash, output.Text)
        Assert.Contains("test: accuracy", output.Text)
        Assert.Contains("last.safetensors", output.Text)

    Assert.Contains("diverged", (show (hashOf "failed")).Text)
    Assert.Equal(2, (show "nonesuch").Code)
    Assert.Equal(2, (show "").Code)

    let target = Path.Combine(folder (), "weights.safetensors")

    let export run more =
        freeze ([ "export"; run; "--safetensors"; target; "--store"; store ] @ more)

    Assert.Equal(0, (export hash []).Code)

    Assert.Equal<byte[]>(
        File.ReadAllBytes(Path.Combine(store, hash, "last.safetensors")),
        File.ReadAllBytes target
    )

    Assert.Contains("--force", (export hash []).Errors)
    Assert.Equal(0, (export hash [ "--force" ]).Code)
    Assert.Contains("not finished", (export (hashOf "failed") [ "--force" ]).Errors)

[<Fact>]
let ``the best weights are shown, and exported when asked for`` () =
    let store = folder ()

    let source =
        file (quick.Replace("epochs 1", "epochs 3; validate 64; keep [last, best]"))

    let output = freeze [ "run"; source; "--store"; store ]
    Assert.Equal(0, output.Code)
    Assert.Contains("test of best", output.Text)
    let target = Path.Combine(folder (), "best.safetensors")

    let export run =
        freeze
            [
                "export"
                run
                "--best"
                "--safetensors"
                target
                "--store"
                store
                "--force"
            ]

    let best =
        Directory.GetFiles(store, "best.safetensors", SearchOption.AllDirectories)
        |> Array.exactlyOne

    Assert.Equal(0, (export "keep=best").Code)
    Assert.Equal<byte[]>(File.ReadAllBytes best, File.ReadAllBytes target)
    let shown = freeze [ "show"; "keep=best"; "--store"; store ]
    Assert.Matches(@"kept too: epoch [1-3], the best by validation accuracy; test accuracy \d", shown.Text)
    Assert.Contains("best.safetensors", shown.Text)

    let refused = export "keep=last"
    Assert.Equal(2, refused.Code)
    Assert.Contains("keep best", refused.Errors)
    Assert.DoesNotContain("kept too", (freeze [ "show"; "keep=last"; "--store"; store ]).Text)

    let content = File.ReadAllBytes best
    content[content.Length - 1] <- content[content.Length - 1] ^^^ 1uy
    File.WriteAllBytes(best, content)
    let damaged = export "keep=best"
    Assert.Equal(2, damaged.Code)
    Assert.Contains("damaged", damaged.Errors)

[<Fact>]
let ``a longer run goes on from a shorter one, says so before and after, and gc --ends takes that away`` () =
    let store = folder ()
    let text = quick.Replace("images 640", "images 128")
    let short, long = file text, file (text.Replace("epochs 1", "epochs 3"))
    Assert.Equal(0, (freeze [ "run"; short; "--store"; store ]).Code)
    let hash = folders store |> Array.find (fun name -> name.Length = 16)

    let plan path =
        (freeze [ "plan"; path; "--store"; store ]).Text

    let dry path =
        (freeze [ "run"; path; "--store"; store; "--dry-run" ]).Text

    let start = $"test, {hash} (1 epoch)"
    Assert.Contains($"test goes on from {start}", plan long)
    Assert.Contains($"go on from {start}", dry long)
    Assert.DoesNotContain("go on from", dry short + dry (file (text.Replace("epochs 1", "epochs 3; seed 2"))))
    Assert.DoesNotContain("goes on from", (freeze [ "plan"; long; "--store"; folder () ]).Text)

    Assert.Equal(0, (freeze [ "gc"; short; "--store"; store; "--ends"; "--dry-run" ]).Code)
    let output = freeze [ "run"; long; "--store"; store ]
    Assert.Contains($"goes on from {hash} (1 epoch)", output.Errors)
    Assert.DoesNotContain("epoch 1/3", output.Errors)
    Assert.DoesNotContain("goes on from", plan long)

    let longer =
        folders store |> Array.find (fun name -> name.Length = 16 && name <> hash)

    Assert.Contains(
        $"epochs 1 to 1 were trained by {hash}",
        (freeze [ "show"; longer; "--store"; store ]).Text
    )

    let gc = freeze [ "gc"; short; long; "--store"; store; "--ends" ]
    Assert.Contains("2 ends removed", gc.Text)
    Assert.Empty(Directory.GetFiles(store, "end.safetensors", SearchOption.AllDirectories))
    Assert.Contains("nothing: finished", dry long)
    Assert.Contains("start", dry (file (text.Replace("epochs 1", "epochs 4"))))

[<Fact>]
let ``gc removes what no file means, under no profile either, and nothing else`` () =
    let store = folder ()
    let text = quick.Replace("images 640", "images 128")
    let source = file (text + "profile short { seed 2 }")
    let other = file (text + "seed 3")

    for arguments in [ [ source ]; [ source; "--profile"; "short" ]; [ other ] ] do
        Assert.Equal(0, (freeze ([ "run"; "--store"; store ] @ arguments)).Code)

    let outside = folder ()
    File.WriteAllText(Path.Combine(outside, "kept"), "")

    Directory.CreateSymbolicLink(Path.Combine(store, "0123456789abcdef"), outside)
    |> ignore

    Directory.CreateDirectory(Path.Combine(store, "notes")) |> ignore
    File.WriteAllText(Path.Combine(store, "notes.txt"), "")
    let before = folders store
    Assert.Equal(5, before.Length)

    let dry = freeze [ "gc"; source; "--store"; store; "--dry-run" ]
    Assert.Equal(0, dry.Code)
    Assert.Contains("would be removed", dry.Text)
    // Where nobody can be asked.
    Assert.Equal(2, (freezeProcess [ "gc"; source; "--store"; store ]).Code)
    Assert.Equal(2, (freeze [ "gc"; file "conv9: fixed"; "--store"; store; "--yes" ]).Code)
    Assert.Equal<string[]>(before, folders store)

    let done' = freeze [ "gc"; source; "--store"; store; "--yes" ]
    Assert.Contains("1 removed", done'.Text)
    Assert.Contains("it is no run's folder", done'.Errors)
    Assert.Equal(4, (folders store).Length)
    Assert.True(File.Exists(Path.Combine(outside, "kept")))
    Assert.True(File.Exists(Path.Combine(store, "notes.txt")))

    Assert.Equal<string list>(
        [ "done"; "done" ],
        states (freeze [ "status"; source; "--set"; "seed=[1, 2]"; "--store"; store; "--json" ])
    )

/// Plans come from other programs too: what a run is called may be anything.
[<Fact>]
let ``names that look like paths, commands or terminal codes are only names`` () =
    let store = folder ()

    let plan =
        (freeze [ "plan"; "--json"; file (quick.Replace("images 640", "images 64")) ]).Text

    let run = PlanFile.ofText plan |> Array.exactlyOne

    let names =
        [|
            "../../x"
            "$(touch hacked)"
            "two\nlines; touch hacked"
            "\027[31mred"
            "'; touch hacked; '"
            "-rf"
            String.replicate 300 "n"
        |]

    let runs =
        names
        |> Array.mapi (fun i name ->
            { run with
                Name = name
                Recipe = { run.Recipe with Seed = int64 i }
            })

    let path = Path.Combine(folder (), "plan.json")
    File.WriteAllText(path, PlanFile.ofRuns runs)
    let work = folder ()

    let freeze arguments =
        freezeIn work (arguments @ [ "--store"; store ])

    let ran = freeze [ "run"; path ]
    Assert.Equal(0, ran.Code)
    let status = freeze [ "status"; path ]
    let submitted = freeze [ "submit"; path; "--slurm"; "--set"; "seed=9"; "--dry-run" ]
    Assert.Equal(2, submitted.Code)

    for output in [ ran; status; freeze [ "show"; names[2] ]; freeze [ "show"; names[3] ] ] do
        Assert.DoesNotContain("\027", output.Text + output.Errors)
        Assert.DoesNotContain("two\nlines", output.Text + output.Errors)

    Assert.Equal(names.Length, Directory.GetDirectories(store).Length)
    Assert.All(folders store, fun name -> Assert.Matches("^[0-9a-f]{16}$", name))
    Assert.Empty(Directory.GetFileSystemEntries work)

    let told =
        (json (freeze [ "status"; path; "--json" ])).EnumerateArray()
        |> Seq.map _.GetProperty("name").GetString()
        |> Array.ofSeq

    Assert.Equal<string[]>(names, told)
