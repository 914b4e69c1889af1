/// freeze evaluate: a finished run by its test set, and by other images.
module Freeze.Cli.Tests.EvaluateTests

open System.IO
open System.Text.Json
open System.Text.RegularExpressions
open Expecto
open Freeze
open Freeze.Cli.Tests.Command
open Freeze.Tests.Expectations

let private text =
    wholeTest.Replace("epochs 1", "epochs 2; net lenet").Replace("lr 0.02", "lr [0.02, 0.04]")

/// Two real runs, made once for all tests; none of them changes what they left.
let private made =
    lazy
        (let source, store = file text, folder ()
         let run = freeze [ "run"; source; "--store"; store ]
         Expect.isTrue (run.Code = 0) run.Errors
         source, store)

let private resultOf (store: string) (name: string) =
    Directory.GetFiles(store, "result.json", SearchOption.AllDirectories)
    |> Array.map (File.ReadAllText >> Json.ofText<RunResult>)
    |> Array.find (fun result -> result.Name = name)

let private evaluate store (more: string list) =
    freeze ([ "evaluate"; "--store"; store ] @ more)

let private ofField (name: string) (element: JsonElement) = element.GetProperty name
let private number name element = (ofField name element).GetInt32()
let private real name element = (ofField name element).GetDouble()

/// Photographs of two classes, half of them of one colour, and what learns them.
let private pictures (home: string) (name: string) (classes: string list) =
    let picture file =
        Path.Combine(root, "tests", "Freeze.Runtime.Tests", "fixtures", "images", file)

    for part in [ "train"; "test" ] do
        for label, source in List.zip classes [ "rgb.png"; "palette.png" ] do
            let inner = Path.Combine(home, name, part, label)
            Directory.CreateDirectory inner |> ignore

            for i in 1..2 do
                File.Copy(picture source, Path.Combine(inner, $"{i}.png"))

    Path.Combine(home, name)

[<Tests>]
let tests =
    testList
        "evaluate"
        [
            test "a run is found by hash, beginning, name and file, and answers as it recorded" {
                let source, store = made.Force()
                let result = resultOf store "lr=0.04"

                for wanted in
                    [
                        [ result.Hash ]
                        [ result.Hash.Substring(0, 9) ]
                        [ "lr=0.04" ]
                        [ source; "--only"; "lr=0.04" ]
                    ] do
                    let output = evaluate store ("--json" :: wanted)
                    Expect.isTrue (output.Code = 0) output.Errors
                    let found = json output
                    equal 1 (number "schema" found)
                    equal result.Hash ((ofField "hash" found).GetString())
                    equal result.TestAccuracy (real "accuracy" found)
                    equal result.TestLoss (real "loss" found)
                    equal result.TestAccuracy (real "recordedAccuracy" found)
                    equal "" output.Errors
            }

            test "images are scaled as those that the run learned from" {
                let source, store =
                    file
                        "data synthetic; resize 20 crop 16; images 64; test 32 images; batch 64; epochs 1; normalise imagenet
                         net n { conv 4 3x3; relu; globalpool; linear classes }; net n",
                    folder ()

                equal 0 (freeze [ "run"; source; "--store"; store ]).Code
                let found = json (evaluate store [ source; "--json" ])
                equal (real "recordedAccuracy" found) (real "accuracy" found)
                equal (real "recordedLoss" found) (real "loss" found)
                let other = evaluate store [ source; "--data"; "mnist-sample" ]
                equal 2 other.Code

                contains
                    "mnist-sample has images of 1x28x28, and the run scales those of 3x32x32: these data sets fit: cifar10"
                    other.Errors
            }

            test "predictions, classes and confusions are those of each image" {
                let _, store = made.Force()
                let target = Path.Combine(folder (), "said.csv")

                let found = json (evaluate store [ "lr=0.02"; "--json"; "--predictions"; target ])

                let lines = File.ReadAllLines target
                equal "image,label,predicted,probability" lines[0]

                let rows =
                    lines[1..]
                    |> Array.map (fun line ->
                        let cells = line.Split ','
                        between 0.1 1.0 (float cells[3])
                        int cells[0], int cells[1], int cells[2])

                equal [| 0..999 |] (rows |> Array.map (fun (image, _, _) -> image))
                let pairs = rows |> Array.map (fun (_, label, said) -> label, said)

                let share chosen =
                    let several = pairs |> Array.filter chosen

                    float (several |> Array.filter (fun (label, said) -> label = said) |> Array.length)
                    / float several.Length

                equal (real "accuracy" found) (share (fun _ -> true))

                for counts in (ofField "classes" found).EnumerateArray() do
                    let own = number "class" counts
                    equal (share (fun (label, _) -> label = own)) (real "recall" counts)
                    equal (share (fun (_, said) -> said = own)) (real "precision" counts)

                equal
                    (pairs |> Array.countBy id |> Set.ofArray)
                    ((ofField "confusion" found).EnumerateArray()
                     |> Seq.map (fun pair ->
                         (number "class" pair, number "answer" pair), number "images" pair)
                     |> Set.ofSeq)
            }

            test "tables fit a terminal: the matrix of ten classes, of a hundred what was confused most" {
                let _, store = made.Force()
                let output = evaluate store [ "lr=0.02" ]
                let result = resultOf store "lr=0.02"
                let lines = output.Text.Split '\n'

                for line in lines do
                    between 0 80 line.Length

                contains "mnist-sample, 1,000 test images\naccuracy " output.Text
                contains ((100.0 * result.TestAccuracy).ToString "F2" + "%") output.Text
                contains "as the run recorded" output.Text

                let matrix =
                    lines
                    |> Array.filter (fun line -> Regex.IsMatch(line, @"^ +\d │"))
                    |> Array.map (fun line ->
                        Regex.Matches(line.Substring 7, @"\d+") |> Seq.sumBy (fun n -> int n.Value))

                equal 10 matrix.Length
                equal 1000 (Array.sum matrix)

                let wide =
                    file (
                        quick.Replace("images 640", "images 64")
                        + "net many { linear classes }\nnet many; classes 100"
                    )

                let store = folder ()
                equal 0 (freeze [ "run"; wide; "--store"; store ]).Code
                let output = evaluate store [ wide ]
                lacks "│" output.Text
                contains "What was confused most often" output.Text

                for line in output.Text.Split '\n' do
                    between 0 80 line.Length
            }

            test "a run of an older store is known to reports once it is evaluated" {
                let source, store = file text, folder ()
                equal 0 (freeze [ "run"; source; "--store"; store; "--only"; "lr=0.02" ]).Code

                let kept =
                    Directory.GetFiles(store, "confusion.json", SearchOption.AllDirectories)
                    |> Array.exactlyOne

                let before = File.ReadAllText kept
                File.Delete kept
                let page = Path.Combine(store, "report.html")

                let report () =
                    equal 0 (freeze [ "report"; source; "--store"; store; "-o"; page ]).Code
                    File.ReadAllText page

                lacks "Confusion matrices" (report ())
                equal 0 (evaluate store [ source; "--only"; "lr=0.02" ]).Code
                equal before (File.ReadAllText kept)
                contains "Confusion matrices" (report ())
                contains "not finished" (evaluate store [ source; "--only"; "lr=0.04" ]).Errors
            }

            test "what cannot be evaluated is refused with a way out" {
                let source, store = made.Force()

                let refused (more: string list) (said: string) =
                    let output = evaluate store more
                    refused said output

                refused [ source ] "name one with --only"
                refused [ source; "--only"; "lr=7" ] "lr is 0.02 or 0.04"
                refused [ "nonesuch" ] "freeze status lists its runs"
                refused [ "lr=0.02"; "--data"; "mnst" ] "did you mean mnist?"

                refused
                    [ "lr=0.02"; "--data"; "cifar10" ]
                    "cifar10 has images of 3x32x32, and the net reads 1x28x28: these data sets fit: mnist, mnist-sample and fashion-mnist"

                refused [ "lr=0.02"; "--data"; folder () ] "it must hold train/CLASS"
                refused [ "lr=0.02"; "--threads"; "0" ] "expected a number from 1 to 1024"
                refused [ "lr=0.02"; "--predictions"; "/nonesuch/said.csv" ] "cannot be written"
            }

            test "a folder of other pictures is judged by the classes that its net learned" {
                let home = folder ()
                pictures home "photos" [ "cat"; "dog" ] |> ignore

                let source = Path.Combine(home, "f.frz")

                File.WriteAllText(
                    source,
                    "data folder(\"photos\", size 16); net n { conv 4 3x3; relu; linear classes }\n\
net n; classes 2; epochs 1; batch 2"
                )

                let freeze arguments =
                    freezeAt
                        home
                        [ "XDG_CACHE_HOME", Path.Combine(home, "cache"); "FREEZE_DATA", "" ]
                        arguments

                let run = freeze [ "run"; "f.frz" ]
                Expect.isTrue (run.Code = 0) run.Errors
                let said = Path.Combine(home, "said.csv")
                let evaluate more = freeze ([ "evaluate"; "f.frz" ] @ more)

                // The same images in another place are the run's own.
                let copy = pictures home "copy" [ "cat"; "dog" ]
                let same = evaluate [ "--data"; copy; "--predictions"; said; "--json" ]
                Expect.isTrue (same.Code = 0) same.Errors
                isTrue ((ofField "isOwnTestSet" (json same)).GetBoolean())

                equal
                    [
                        "image"
                        "test/cat/1.png"
                        "test/cat/2.png"
                        "test/dog/1.png"
                        "test/dog/2.png"
                    ]
                    (File.ReadAllLines said |> Seq.map (fun line -> line.Split(',')[0]) |> List.ofSeq)

                let other = pictures home "other" [ "cat"; "dog" ]
                File.Delete(Path.Combine(other, "test", "dog", "2.png"))
                let judged = json (evaluate [ "--data"; other; "--json" ])
                isFalse ((ofField "isOwnTestSet" judged).GetBoolean())
                equal 3 (number "images" judged)
                equal "dog" ((ofField "name" (ofField "classes" judged).[1]).GetString())

                let strange = pictures home "strange" [ "cat"; "emu" ]
                let output = evaluate [ "--data"; strange ]
                equal 2 output.Code

                contains
                    "emu is not a class of the folder that the run was trained on, which has cat and dog"
                    output.Errors
            }
        ]
