/// Runs that start from the weights of others: which ones, and what that makes of their plans.
module Freeze.Language.Tests.BaseTests

open Expecto
open Freeze
open Freeze.Language
open Freeze.Language.Tests.Files
open Freeze.Tests.Expectations

let private two =
    "data mnist-sample; epochs 4; seed 1..2
     case base { lr 0.02 }
     case fine { start from base; conv: fixed }"

let private isCase name (run: Run) =
    run.Axes
    |> Array.exists (fun axis -> axis.Name = "case" && axis.Value = AxisValue.Word name)

let private ofCase name text = runs text |> Array.filter (isCase name)

let private baseOf (run: Run) = (Origins.tryBase run.Recipe).Value

/// A text beside other files.
let private besides (files: (string * string) list) (options: Compile.Options) (text: string) =
    let here =
        files
        |> List.map (fun (name, text) -> Imports.fullPath name, text)
        |> Map.ofList

    let read path =
        match Map.tryFind (Imports.fullPath path) here with
        | Some text -> Ok { source text with Path = path }
        | None -> Error "there is no such file"

    Compile.analyse
        { options with
            Files = { options.Files with Read = read }
        }
        (source text)

let private startOf (name: string) (run: Run) =
    (run.Recipe.Weights |> Array.find (fun plan -> plan.Weight.Name = name)).Start

[<Tests>]
let tests =
    testList
        "runs that start from others"
        [
            test "a run starts from that of the case which agrees with it in its axes" {
                for fine in ofCase "fine" two do
                    let before = baseOf fine
                    equal fine.Recipe.Seed before.Recipe.Seed

                    let own =
                        ofCase "base" two |> Array.find (fun run -> run.Recipe.Seed = fine.Recipe.Seed)

                    equal own.Recipe before.Recipe
                    equal own.Name before.Name
                    isTrue (fine.Recipe.Weights |> Array.forall _.Start.IsBase)
            }

            test "runs that start from one share its recipe, so that it is hashed once" {
                let several =
                    ofCase "fine" (two.Replace("conv: fixed", "conv: fixed; lr [0.1, 0.2]"))

                equal 4 several.Length
                isTrue (obj.ReferenceEquals((baseOf several[0]).Recipe, (baseOf several[1]).Recipe))
            }

            test "another base is another address, another name of it is not" {
                let address (text: string) =
                    Address.ofRecipe (ofCase "fine" text).[0].Recipe

                let known = address two
                equal known (address (two.Replace("base", "before")))

                for change in
                    [
                        "lr 0.03"
                        "lr 0.02; batch 64"
                        "lr 0.02; bias: fixed"
                        "lr 0.02; start from root }; case root {"
                    ] do
                    notEqual known (address (two.Replace("lr 0.02", change)))

                notEqual known (address (two.Replace("start from base", "start random")))
                notEqual known (address (two.Replace("from base", "from base at epoch 3")))

                // The base is not what was changed here.
                equal
                    (Address.ofRecipe (ofCase "base" two).[0].Recipe)
                    (Address.ofRecipe (runs "data mnist-sample; epochs 4; lr 0.02").[0].Recipe)
            }

            test "what starts at random has the address that it had before there were bases" {
                let address text = Address.ofRecipe (runs text).[0].Recipe
                equal (address "") (address "start random")
            }

            test "a plan reads back with its bases" {
                let fine = (ofCase "fine" two).[0]
                let again = (PlanFile.ofText (PlanFile.ofRun fine)).[0]
                equal fine again
                equal (Address.ofRecipe fine.Recipe) (Address.ofRecipe again.Recipe)
            }

            test "an epoch is the end of the shorter run, which the base goes on from" {
                let text = two.Replace("from base", "from base at epoch 3")
                let before = baseOf (ofCase "fine" text).[0]
                let own = (ofCase "base" text).[0].Recipe
                equal (Continuations.tryFirst 3 own) (Some before.Recipe)
                includes (Address.ofRecipe before.Recipe) (Continuations.shorter own)
                equal "base seed=1 at epoch 3" before.Name

                // The last one is the base itself.
                let last = two.Replace("from base", "from base at epoch 4")
                equal own (baseOf (ofCase "fine" last).[0]).Recipe
            }

            test "where rates depend on the length, the beginning of the base is a run that ends there" {
                let text =
                    two.Replace("lr 0.02", "schedule cosine").Replace("from base", "from base at epoch 3")

                let before = (baseOf (ofCase "fine" text).[0]).Recipe
                equal 4 before.Epochs
                equal [| Stop.After 3 |] before.Stops
                let work = Workloads.ofRecipe before

                equal
                    (Workloads.ofRecipe (runs "data mnist-sample; epochs 3").[0].Recipe).Trained
                    work.Trained
            }

            test "values behind `on` choose among the runs of a case, by lets too" {
                let text on =
                    "data mnist-sample; let q = 0.4
                     case base { let p = [0.1, 0.4]; conv2: train p filters; rest: fixed }
                     case fine { start from base on "
                    + on
                    + "; fc2: train }"

                for on in [ "0.4"; "0.40"; "q" ] do
                    let before = baseOf (ofCase "fine" (text on)).[0]
                    equal "base p=0.4" before.Name
            }

            test
                "a value behind `on` is one of the axes that the run itself has not, where there is such a one" {
                let last =
                    "data mnist-sample; epochs [1, 2]; case before { let i = 1..4; lr 0.1 * i }; case last { start from before on 2 }"
                    |> ofCase "last"

                equal
                    [ "before epochs=1 i=2"; "before epochs=2 i=2" ]
                    [ for run in last -> (baseOf run).Name ]

                // Without one it is chosen instead of the run's own.
                let own =
                    "data mnist-sample; epochs [1, 2]; case before { }; case last { start from before on 2 }"
                    |> ofCase "last"

                equal [ "before epochs=2"; "before epochs=2" ] [ for run in own -> (baseOf run).Name ]
            }

            test "runs of a base need not have the same axes" {
                let other =
                    "data mnist-sample; case one { lr 0.1 }; case two { let i = 1..2; lr 0.1 * i }"

                let text =
                    "data mnist-sample; let i = 1..2; lr 0.1 * i; start from \"other.frz\" on two"

                let analysis = besides [ "other.frz", other ] alone text
                isEmpty analysis.Diagnostics
                equal [ "other: two i=1"; "other: two i=2" ] [ for run in analysis.Runs -> (baseOf run).Name ]
            }

            test "a norm's weights are no start for another kind of norm" {
                let text norm =
                    $"net a {{ conv1: conv 4 3x3; n: {norm}; relu; fc: linear classes }}\ndata mnist-sample; net a"

                let analysis =
                    besides
                        [ "other.frz", text "bn" ]
                        alone
                        (text "groupnorm 2" + "; start from \"other.frz\"")

                contains
                    "n.weight is a batch norm's there"
                    (analysis.Diagnostics |> List.map _.Message |> String.concat " ")
            }

            test "a mistake in the base's case is the only one" {
                for mistake in [ "lr many"; "no: fixed" ] do
                    equal 1 (codes (two.Replace("lr 0.02", mistake))).Length
            }

            test "a list of epochs is an axis" {
                let text = two.Replace("from base", "from base at epoch [1, 2]")
                let fine = ofCase "fine" text
                equal 4 fine.Length
                equal [ 1; 2; 1; 2 ] [ for run in fine -> (baseOf run).Recipe.Epochs ]
            }

            test "the run may be another file's, under the same profile" {
                let other = "data mnist-sample; epochs 9; profile quick { epochs 2 }"

                let text =
                    "data mnist-sample; epochs 5; start from \"other.frz\"; conv: fixed; profile quick { epochs 1 }"

                for profile, epochs in [ "", 9; "quick", 2 ] do
                    let analysis = besides [ "other.frz", other ] { alone with Profile = profile } text
                    isEmpty analysis.Diagnostics
                    let before = baseOf analysis.Runs[0]
                    equal epochs before.Recipe.Epochs
                    equal "other" before.Name
            }

            testTheory
                "a file that runs cannot start from is named with the reason"
                [
                    "data nowhere", "it has errors"
                    "start from \"test.frz\"", "it has errors"
                    "seed 1..2", "2 runs of other.frz could be meant"
                ]
                (fun (other, reason) ->
                    let analysis =
                        besides
                            [ "other.frz", other; "test.frz", "start from \"other.frz\"" ]
                            alone
                            "start from \"other.frz\""

                    let found = Seq.exactlyOne analysis.Diagnostics
                    equal "FRZ050" found.Code
                    contains reason found.Message)

            test "a scheme in a rule lets a layer start on its own, with its bias and its norms" {
                let run =
                    (ofCase
                        "fine"
                        "data cifar10; net wrn-10-1
                         case base { }
                         case fine { start from base; classes 12; block3: train init he; fc: train init torch }")
                        .[0]

                for name in
                    [
                        "fc.weight"
                        "fc.bias"
                        "block3.unit1.conv1.weight"
                        "block3.unit1.bn1.weight"
                    ] do
                    isFalse (startOf name run).IsBase

                isTrue (startOf "block2.unit1.conv1.weight" run).IsBase
                equal (Start.Constant 1.0) (startOf "block3.unit1.bn1.weight" run)
            }

            test "frozen statistics are the base's, and warn of nothing" {
                let text =
                    "data cifar10; net wrn-10-1; case base { }; case fine { start from base; bn: fixed stats frozen }"

                equal [] (codes text)
                equal [ "FRZ105" ] (codes (text.Replace("start from base; ", "")))
            }

            test "counts are the base's and what each run has of its own" {
                let fine =
                    (ofCase
                        "fine"
                        "data mnist-sample; case base { }; case fine { start from base; fc2: train; rest: fixed }")
                        .[0]

                equal 5010L (Origins.ownParameters fine.Recipe)
                equal 431_080L (Origins.ownParameters (baseOf fine).Recipe)

                for change, count in
                    [
                        // In double precision a file is whole.
                        "precision fp64", 431_080L
                        // The net that three members start from has the base's weights, and fc2 of its own; so has each of them.
                        "ensemble 3 after 1 epoch { fc2: train; rest: fixed }", 4L * 5010L
                    ] do
                    let other =
                        $"data mnist-sample; epochs 2; start from \"other.frz\"; fc2: train; rest: fixed; {change}"
                        |> besides [ "other.frz", "data mnist-sample" ] alone

                    isEmpty other.Diagnostics
                    equal count (Origins.ownParameters other.Runs[0].Recipe)
            }

            test "without the images of its base a run has no hash" {
                let run = (ofCase "fine" two).[0]
                let before = baseOf run

                let unknown =
                    { before with
                        Recipe =
                            { before.Recipe with
                                Data = DataSource.Named("mnist-sample", "")
                            }
                    }

                let last =
                    { run with
                        Recipe =
                            { run.Recipe with
                                From = Origin.Run unknown
                            }
                    }

                contains "\"hash\":" (PlanFile.ofRun run)
                isTrue (Origins.isIdentified run.Recipe)
                isFalse (Origins.isIdentified last.Recipe)
                isTrue (System.Text.RegularExpressions.Regex.IsMatch(PlanFile.ofRun last, "\"hash\": ?null"))
            }

            test "bases come in the order in which they are trained" {
                let text =
                    "data mnist-sample; case c { start from b }; case b { start from a }; case a { lr 0.1 }"

                equal [ "a"; "b" ] [ for before in Origins.bases (ofCase "c" text).[0].Recipe -> before.Name ]
            }
        ]
