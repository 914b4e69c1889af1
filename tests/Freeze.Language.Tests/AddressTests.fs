/// Addresses of ten recipes, which must not change: a store's results are found by them.
module Freeze.Language.Tests.AddressTests

open System.IO
open Freeze
open Freeze.Language
open Freeze.Language.Tests.Files
open Xunit

let private ofExample (name: string) number =
    let path = under [ "dsl-examples"; name + ".frz" ]

    match Source.read path with
    | Ok source ->
        let run = (Compile.analyse Compile.defaults source).Runs[number]
        Address.ofRecipe run.Recipe
    | Error reason -> failwith reason

let private ofText text number =
    Address.ofRecipe (runs text).[number].Recipe

[<Theory>]
[<InlineData("quickstart", 0, "37b7c43fb7c59c18")>]
[<InlineData("lenet-each-layer", 1, "08e77193772e2097")>]
[<InlineData("rosenfeld-table1", 0, "44ae036a18978071")>]
[<InlineData("rosenfeld-full-cifar100", 0, "257163d5c4dd6ec5")>]
[<InlineData("feature-reconstruct", 0, "b39991e44067e76f")>]
[<InlineData("feature-halving", 3, "886715bff391f386")>]
let ``the addresses of examples hold`` (name: string, number: int, address: string) =
    Assert.Equal(address, ofExample name number)

[<Theory>]
[<InlineData("", "a1fab12363d8fc6d")>]
[<InlineData("data synthetic; net wrn-10-1; augment crop(4) flip; schedule step([3], 0.2x); precision bf16",
             "cce4570a04f925cb")>]
[<InlineData("data cifar10; net cnn6; optimizer adam; stop plateau(3); conv: train 0.4 filters largest lr 0.1x; rest: fixed",
             "47df2fb94e122313")>]
[<InlineData("ensemble 3 after 1 epoch { conv1: fixed }; loss cross-entropy(smoothing 0.1); classes 12",
             "e0832904aa966679")>]
let ``the addresses of short texts hold`` (text: string, address: string) =
    Assert.Equal(address, ofText text 0)

[<Fact>]
let ``other images are another address, and where they lie is no part of it`` () =
    let recipe = (runs "data cifar10; net cnn6").[0].Recipe

    let address data =
        Address.ofRecipe { recipe with Data = data }

    let folder path digest =
        address (DataSource.Folder(path, digest, 32, 10, 100, 10))

    Assert.NotEqual<string>(address (DataSource.Named("cifar10", "0a")), Address.ofRecipe recipe)
    Assert.Equal(Address.ofRecipe recipe, address (DataSource.published "cifar10"))
    Assert.Equal(folder "here" "0a", folder "there" "0a")
    Assert.NotEqual<string>(folder "here" "", folder "there" "")
    Assert.NotEqual<string>(folder "here" "0a", folder "here" "0b")

[<Fact>]
let ``a recipe without the fields that have defaults reads back to the same recipe and address`` () =
    let recipe = (runs "data cifar10; net cnn6").[0].Recipe

    let unknown =
        { recipe with
            Data = DataSource.Named("cifar10", "")
        }

    let text = Json.toText unknown
    Assert.Contains("""{"data":{"named":{"name":"cifar10"}},""", text)
    Assert.Equal(unknown, Json.ofText<Recipe> text)
    Assert.Equal(Address.ofRecipe unknown, Address.ofRecipe (Json.ofText<Recipe> text))
    Assert.False(DataSource.isIdentified unknown.Data)
