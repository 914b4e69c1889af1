/// Where images come from, and what is made of their pixels.
module Freeze.Language.Tests.DataTests

open System.IO
open Expecto
open Freeze
open Freeze.Language
open Freeze.Language.Tests.Files
open Freeze.Tests.Expectations

let private recipe text = (runs text).[0].Recipe

[<Tests>]
let tests =
    testList
        "data"
        [
            test "pixels are normalised by the set's own statistics unless said otherwise" {
                let of' text =
                    (recipe $"data cifar10; net wrn-10-1; {text}").Normalisation

                equal Normalisation.Own (of' "")
                equal Normalisation.Own (of' "normalise own")
                equal Normalisation.MeanImage (of' "normalise mean-image")

                equal
                    (Normalisation.By([| 0.4914; 0.4822; 0.4465 |], [| 0.2023; 0.1994; 0.2010 |]))
                    (of' "normalise by([0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.2010])")

                equal
                    (Normalisation.By([| 0.485; 0.456; 0.406 |], [| 0.229; 0.224; 0.225 |]))
                    (of' "normalise imagenet")

                equal
                    (Normalisation.By([| 0.13 |], [| 0.31 |]))
                    (recipe "normalise by(0.13, 0.31)").Normalisation
            }

            test "images are read as the data have them, or scaled and cut" {
                let of' text =
                    let found = recipe $"data tiny-imagenet; net wrn-10-1; {text}"
                    found.Resize, found.Net.Nodes[0].Shape

                equal (Resize.None, [| 3; 64; 64 |]) (of' "")
                equal (Resize.None, [| 3; 64; 64 |]) (of' "resize none")
                equal (Resize.To(32, 32, 32), [| 3; 32; 32 |]) (of' "resize 32")
                equal (Resize.To(72, 56, 56), [| 3; 56; 56 |]) (of' "resize 72 crop 56")
                equal (Resize.To(72, 48, 56), [| 3; 48; 56 |]) (of' "let s = 72; resize s crop 48x56")
                equal 2 (runs "data cifar10; net wrn-10-1; resize [32, 48]").Length

                equal
                    (Address.ofRecipe (recipe "data cifar10; net wrn-10-1"))
                    (Address.ofRecipe (recipe "data cifar10; net wrn-10-1; resize none"))
            }

            test "the lists of a normalisation are one value, and normalisations may be an axis" {
                let found =
                    runs "data cifar10; net wrn-10-1; normalise [own, by([0.5, 0.5, 0.5], [0.5, 0.5, 0.5])]"

                equal 2 found.Length
            }

            test "augmentations in another order are the same run" {
                let address text = Address.ofRecipe (recipe text)

                equal
                    (address "data cifar10; augment crop(4) mixup(0.2) rotate(5)")
                    (address "data cifar10; augment rotate(5) crop(4) mixup(0.2)")
            }

            test "copies go with what varies the images, in any place" {
                let augmentations text =
                    List.ofArray (recipe $"data cifar10; net wrn-10-1; {text}").Augmentations

                let expected = [ Augmentation.Flip; Augmentation.Copies 4 ]
                equal expected (augmentations "augment flip copies 4")
                equal expected (augmentations "augment copies 4 flip")
                equal expected (augmentations "let n = 4; augment flip copies n")
                equal 2 (runs "data cifar10; net wrn-10-1; augment flip copies [2, 4]").Length

                for wrong in
                    [
                        "copies 4"
                        "flip copies"
                        "flip copies 0"
                        "none copies 2"
                        "mixup(0.2) copies 2"
                        "flip copies 2 copies 3"
                    ] do
                    isTrue ((codes $"data cifar10; net wrn-10-1; augment {wrong}").Length = 1)
            }

            test "a run may stop at an accuracy or where it gets no better" {
                equal [||] (recipe "").Stops
                equal [||] (recipe "stop none").Stops

                equal [| Stop.Accuracy 0.99; Stop.Plateau 3 |] (recipe "stop accuracy(99%) plateau(3)").Stops
            }

            test "the best weights are kept where the file says so, which is another run" {
                equal Keep.Last (recipe "").Keep
                equal Keep.Best (recipe "validate 100; keep best").Keep
                equal (recipe "validate 100") (recipe "validate 100; keep last")

                notEqual
                    (Address.ofRecipe (recipe "validate 100"))
                    (Address.ofRecipe (recipe "validate 100; keep best"))
            }

            testTheory
                "keeping the best weights of several trainings, or by the test set, is reported"
                [
                    "keep best", "FRZ109"
                    "validate 100; keep best; ensemble 2 after 1 epoch { rest: train }", "FRZ017"
                    "validate 100; keep best; net cnn1; learn stage by stage", "FRZ017"
                ]
                (fun (text, code) -> equal [ code ] (codes text))

            test "a folder lies relative to the file that names it, and its address is its content's" {
                let content: FolderContent =
                    {
                        Digest = "0123"
                        Classes = 3
                        TrainingImages = 40
                        TestImages = 7
                    }

                let seen = ResizeArray<string>()

                let options =
                    { alone with
                        Files =
                            { alone.Files with
                                Images =
                                    fun path ->
                                        seen.Add path
                                        Ok content
                            }
                    }

                let plan path =
                    let text = $"data folder(\"{path}\", size 48); net wrn-10-1; validate 5; seed 1..3"
                    let analysis = Compile.analyse options { source text with Path = "here/x.frz" }
                    isEmpty analysis.Diagnostics
                    analysis.Runs[0].Recipe

                let recipe = plan "photos"
                equal [| Path.GetFullPath(Path.Combine("here", "photos")) |] (seen.ToArray())

                equal
                    (DataSource.Folder(Path.GetFullPath(Path.Combine("here", "photos")), "0123", 48, 3, 40, 7))
                    recipe.Data

                equal (3, [ 3; 48; 48 ]) (recipe.Classes, List.ofArray recipe.Net.Nodes[0].Shape)
                equal (Address.ofRecipe recipe) (Address.ofRecipe (plan "others"))
            }

            test "a folder that is not here is planned where the file says how many classes it has" {
                let analyse text =
                    let options =
                        { alone with
                            Files =
                                { alone.Files with
                                    Images = fun _ -> Ok ImageFolders.unknown
                                }
                        }

                    Compile.analyse options (source $"data folder(\"photos\", size 32); net wrn-10-1; {text}")

                equal [ "FRZ049" ] ((analyse "").Diagnostics |> List.map _.Code)
                let run = (analyse "classes 3; images 500; validate 100").Runs[0]
                equal 3 run.Recipe.Classes
                isFalse (DataSource.isIdentified run.Recipe.Data)
                contains "\"hash\":null" (PlanFile.ofRun run)
            }

            test "a copy that is not the published set is named as one" {
                equal "cifar10" (DataSource.name (DataSource.published "cifar10"))
                equal "cifar10, not the published files" (DataSource.name (DataSource.Named("cifar10", "0a")))
                equal "cifar100, not verified" (DataSource.name (DataSource.Named("cifar100", "0a")))
                equal "cifar10" (DataSource.plainName (DataSource.Named("cifar10", "0a")))
            }
        ]
