/// Where images come from, and what is made of their pixels.
module Freeze.Language.Tests.DataTests

open System.IO
open Freeze
open Freeze.Language
open Freeze.Language.Tests.Files
open Xunit

let private recipe text = (runs text).[0].Recipe

[<Fact>]
let ``pixels are normalised by the set's own statistics unless said otherwise`` () =
    let of' text =
        (recipe $"data cifar10; net wrn-10-1; {text}").Normalisation

    Assert.Equal(Normalisation.Own, of' "")
    Assert.Equal(Normalisation.Own, of' "normalise own")
    Assert.Equal(Normalisation.MeanImage, of' "normalise mean-image")

    Assert.Equal(
        Normalisation.By([| 0.4914; 0.4822; 0.4465 |], [| 0.2023; 0.1994; 0.2010 |]),
        of' "normalise by([0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.2010])"
    )

    Assert.Equal(
        Normalisation.By([| 0.485; 0.456; 0.406 |], [| 0.229; 0.224; 0.225 |]),
        of' "normalise imagenet"
    )

    Assert.Equal(Normalisation.By([| 0.13 |], [| 0.31 |]), (recipe "normalise by(0.13, 0.31)").Normalisation)

[<Fact>]
let ``the lists of a normalisation are one value, and normalisations may be an axis`` () =
    let found =
        runs "data cifar10; net wrn-10-1; normalise [own, by([0.5, 0.5, 0.5], [0.5, 0.5, 0.5])]"

    Assert.Equal(2, found.Length)

[<Fact>]
let ``augmentations in another order are the same run`` () =
    let address text = Address.ofRecipe (recipe text)

    Assert.Equal(
        address "data cifar10; augment crop(4) mixup(0.2) rotate(5)",
        address "data cifar10; augment rotate(5) crop(4) mixup(0.2)"
    )

[<Fact>]
let ``a run may stop at an accuracy or where it gets no better`` () =
    Assert.Equal<Stop[]>([||], (recipe "").Stops)
    Assert.Equal<Stop[]>([||], (recipe "stop none").Stops)

    Assert.Equal<Stop[]>(
        [| Stop.Accuracy 0.99; Stop.Plateau 3 |],
        (recipe "stop accuracy(99%) plateau(3)").Stops
    )

[<Fact>]
let ``the best weights are kept where the file says so, which is another run`` () =
    Assert.Equal(Keep.Last, (recipe "").Keep)
    Assert.Equal(Keep.Best, (recipe "validate 100; keep best").Keep)
    Assert.Equal(recipe "validate 100", recipe "validate 100; keep last")

    Assert.NotEqual<string>(
        Address.ofRecipe (recipe "validate 100"),
        Address.ofRecipe (recipe "validate 100; keep best")
    )

[<Theory>]
[<InlineData("keep best", "FRZ109")>]
[<InlineData("validate 100; keep best; ensemble 2 after 1 epoch { rest: train }", "FRZ017")>]
[<InlineData("validate 100; keep best; net cnn1; learn stage by stage", "FRZ017")>]
let ``the best weights of several trainings, and of an epoch that the test set chose, are told of``
    (text, code)
    =
    Assert.Equal<string list>([ code ], codes text)

[<Fact>]
let ``a folder lies relative to the file that names it, and its address is its content's`` () =
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
        Assert.Empty analysis.Diagnostics
        analysis.Runs[0].Recipe

    let recipe = plan "photos"
    Assert.Equal<string[]>([| Path.GetFullPath(Path.Combine("here", "photos")) |], seen.ToArray())

    Assert.Equal(
        DataSource.Folder(Path.GetFullPath(Path.Combine("here", "photos")), "0123", 48, 3, 40, 7),
        recipe.Data
    )

    Assert.Equal((3, [ 3; 48; 48 ]), (recipe.Classes, List.ofArray recipe.Net.Nodes[0].Shape))
    Assert.Equal(Address.ofRecipe recipe, Address.ofRecipe (plan "others"))

[<Fact>]
let ``a folder that is not here is planned where the file says how many classes it has`` () =
    let analyse text =
        let options =
            { alone with
                Files =
                    { alone.Files with
                        Images = fun _ -> Ok ImageFolders.unknown
                    }
            }

        Compile.analyse options (source $"data folder(\"photos\", size 32); net wrn-10-1; {text}")

    Assert.Equal<string list>([ "FRZ049" ], (analyse "").Diagnostics |> List.map _.Code)
    let run = (analyse "classes 3; images 500; validate 100").Runs[0]
    Assert.Equal(3, run.Recipe.Classes)
    Assert.False(DataSource.isIdentified run.Recipe.Data)
    Assert.Contains("\"hash\":null", PlanFile.ofRun run)

[<Fact>]
let ``a copy that is not the published set is named as one`` () =
    Assert.Equal("cifar10", DataSource.name (DataSource.published "cifar10"))
    Assert.Equal("cifar10, not the published files", DataSource.name (DataSource.Named("cifar10", "0a")))
    Assert.Equal("cifar100, not verified", DataSource.name (DataSource.Named("cifar100", "0a")))
    Assert.Equal("cifar10", DataSource.plainName (DataSource.Named("cifar10", "0a")))
