/// Addresses of ten recipes, which must not change: a store's results are found by them.
module Freeze.Language.Tests.AddressTests

open System.IO
open Expecto
open Freeze
open Freeze.Language
open Freeze.Language.Tests.Files
open Freeze.Tests.Expectations

let private ofExample (name: string) number =
    let path = under [ "dsl-examples"; name + ".frz" ]

    match Source.read path with
    | Ok source ->
        let run = (Compile.analyse Compile.defaults source).Runs[number]
        Address.ofRecipe run.Recipe
    | Error reason -> failwith reason

let private ofText text number =
    Address.ofRecipe (runs text).[number].Recipe

[<Tests>]
let tests =
    testList
        "addresses"
        [
            testTheory
                "the addresses of examples hold"
                [
                    "quickstart", 0, "37b7c43fb7c59c18"
                    "lenet-each-layer", 1, "08e77193772e2097"
                    "rosenfeld-table1", 0, "44ae036a18978071"
                    "rosenfeld-full-cifar100", 0, "257163d5c4dd6ec5"
                    "feature-reconstruct", 0, "b39991e44067e76f"
                    "feature-halving", 3, "886715bff391f386"
                    // `1 filter` and `1 input` are what `1` was.
                    "rosenfeld-fig2", 3, "cffd8925dd60d6e5"
                    "rosenfeld-fig2", 8, "62d741fdf531f0ef"
                ]
                (fun (name, number, address) -> equal address (ofExample name number))

            testTheory
                "the addresses of short texts hold"
                [
                    "", "a1fab12363d8fc6d"
                    "data synthetic; net wrn-10-1; augment crop(4) flip; schedule step([3], 0.2x); precision bf16",
                    "cce4570a04f925cb"
                    "data cifar10; net cnn6; optimizer adam; stop plateau(3); conv: train 0.4 filters largest lr 0.1x; rest: fixed",
                    "47df2fb94e122313"
                    "ensemble 3 after 1 epoch { conv1: fixed }; loss cross-entropy(smoothing 0.1); classes 12",
                    "e0832904aa966679"
                ]
                (fun (text, address) -> equal address (ofText text 0))

            test "other images are another address, and where they lie is no part of it" {
                let recipe = (runs "data cifar10; net cnn6").[0].Recipe

                let address data =
                    Address.ofRecipe { recipe with Data = data }

                let folder path digest =
                    address (DataSource.Folder(path, digest, 32, 10, 100, 10))

                notEqual (address (DataSource.Named("cifar10", "0a"))) (Address.ofRecipe recipe)
                equal (Address.ofRecipe recipe) (address (DataSource.published "cifar10"))
                equal (folder "here" "0a") (folder "there" "0a")
                notEqual (folder "here" "") (folder "there" "")
                notEqual (folder "here" "0a") (folder "here" "0b")
            }

            test "a recipe without the fields that have defaults reads back to the same recipe and address" {
                let recipe = (runs "data cifar10; net cnn6").[0].Recipe

                let unknown =
                    { recipe with
                        Data = DataSource.Named("cifar10", "")
                    }

                let text = Json.toText unknown
                contains """{"data":{"named":{"name":"cifar10"}},""" text
                equal unknown (Json.ofText<Recipe> text)
                equal (Address.ofRecipe unknown) (Address.ofRecipe (Json.ofText<Recipe> text))
                isFalse (DataSource.isIdentified unknown.Data)
            }
        ]
