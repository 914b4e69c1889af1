module Freeze.Language.Tests.JsonTests

open System
open Expecto
open Freeze
open Freeze.Language.Tests.Files
open Freeze.Tests.Expectations

let private recipe () =
    (runs
        "net n { conv 4 3x3; bn; relu; maxpool 2; linear classes }; net n; data mnist-sample; validate 100; conv: train 0.5 filters; rest: zero")
        .[0].Recipe

/// What is wrong with a text, as its reader says.
let private mismatch (read: unit -> 'T) : string =
    try
        read () |> ignore
        failtest "It was read"
    with Json.JsonMismatch message ->
        message

/// As a recipe would be before and after a field was added to it.
type Before = { Batch: int; Way: WayBefore }

and WayBefore =
    | Plain
    | Staged of Count: int

type After =
    {
        Batch: int
        [<DefaultsTo "[]">]
        Added: int[]
        Way: WayAfter
    }

and WayAfter =
    | Plain
    | [<DefaultsTo("Names", "[\"all\"]")>] Staged of Count: int * Names: string[]

[<Tests>]
let tests =
    testList
        "JSON"
        [
            test "a recipe reads back from its JSON as it was" {
                let recipe = recipe ()
                equal recipe (Json.ofText<Recipe>(Json.toText recipe))
            }

            test "a plan file reads back as the same runs" {
                let runs =
                    runs
                        "seed 1..2; case a { conv1: fixed }; case b { let p = [3, 1 filter, 0.5, 7%, 1.0]; conv: train p filters }"

                equal runs (PlanFile.ofText (PlanFile.ofRuns runs))
                equal [| runs[1] |] (PlanFile.ofText (PlanFile.ofRun runs[1]))
            }

            test "canonical JSON has fields in order, no space, and cases as words or objects" {
                equal
                    """{"name":"p","value":{"number":{"value":0.1}}}"""
                    (Json.toText
                        {
                            Axis.Name = "p"
                            Value = AxisValue.Number 0.1
                        })

                equal "\"test\"" (Json.toText Validation.Test)
            }

            testTheory
                "every float comes back with the same bits"
                [ Double.NaN; Double.PositiveInfinity; 0.1; 5e-324 ]
                (fun value ->
                    equal
                        (BitConverter.DoubleToInt64Bits value)
                        (BitConverter.DoubleToInt64Bits(Json.ofText<float>(Json.toText value))))

            testTheory
                "a wrong plan file says what is wrong"
                [
                    "{", "depth"
                    "[{}]", "field \"schema\" is missing"
                    "[{\"schema\":99}]", "plan format 99"
                    "3", "field \"schema\" is missing"
                ]
                (fun (text, expected) -> contains expected (mismatch (fun () -> PlanFile.ofText text)))

            test "a plan that an older Freeze left in a store can be read, but not run" {
                let runs =
                    runs
                        "data cifar10; net cnn6; validate 100; optimizer sgd; search halving 3; lr ~ 0.1 * choice(1, 2)"

                let run = runs[1]

                // Format 3 had neither digests nor places: candidate and rung were axes.
                let place = $",\"place\":{Searches.tryPlace run |> Option.get |> Json.toText}"
                let digest = $",\"digest\":\"{DataSource.digest run.Recipe.Data}\""

                let older =
                    (PlanFile.ofRun run)
                        .Replace("\"schema\":4", "\"schema\":3")
                        .Replace(place, "")
                        .Replace(digest, "")

                let older = older.Replace("\"axes\":{}", "\"axes\":{\"candidate\":1,\"rung\":1}")

                contains "plan format 3" (mismatch (fun () -> PlanFile.ofText older))

                let read = PlanFile.ofRecord older |> Array.exactlyOne
                equal (DataSource.Named("cifar10", "")) read.Recipe.Data
                equal (Place.Alone, run.Name) (read.Place, read.Name)
                equal [ "candidate"; "rung" ] [ for axis in read.Columns -> axis.Name ]
            }

            test "an unknown field or a missing one is refused with its place" {
                let text = Json.toText (recipe ())
                let more = text.Replace("\"batch\":", "\"bitch\":1,\"batch\":")
                let less = text.Replace("\"batch\":128,", "")

                let said text =
                    mismatch (fun () -> Json.ofText<Recipe> text)

                contains "bitch" (said more)
                contains "batch" (said less)
            }

            test "a field at its default is left out, and reads back as the default where it is missing" {
                let before: Before = { Batch = 3; Way = WayBefore.Staged 2 }

                let after: After =
                    {
                        Batch = 3
                        Added = [||]
                        Way = WayAfter.Staged(2, [| "all" |])
                    }

                equal """{"batch":3,"way":{"staged":{"count":2}}}""" (Json.toText after)
                equal (Json.toText before) (Json.toText after)
                equal after (Json.ofText<After>(Json.toText before))

                let other =
                    { after with
                        Added = [| 1 |]
                        Way = WayAfter.Staged(2, [||])
                    }

                equal
                    """{"batch":3,"added":[1],"way":{"staged":{"count":2,"names":[]}}}"""
                    (Json.toText other)

                equal other (Json.ofText<After>(Json.toText other))
            }

            test "an address depends on what is trained and not on what it is called" {
                let address text = Address.ofRecipe (runs text).[0].Recipe
                let plain = address "net lenet; conv1: fixed"
                equal plain (address "case other { layer 1: fixed; rest: train }")
                notEqual plain (address "net lenet; conv1: zero")
                notEqual plain (address "net lenet; conv1: fixed; seed 2")
                matches "^[0-9a-f]{16}$" plain
            }
        ]
