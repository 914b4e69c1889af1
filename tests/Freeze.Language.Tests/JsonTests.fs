module Freeze.Language.Tests.JsonTests

open System
open Freeze
open Freeze.Language.Tests.Files
open Xunit

let private recipe () =
    (runs
        "net n { conv 4 3x3; bn; relu; maxpool 2; linear classes }; net n; data mnist-sample; validate 100; conv: train 0.5 filters; rest: zero")
        .[0].Recipe

[<Fact>]
let ``a recipe reads back from its JSON as it was`` () =
    let recipe = recipe ()
    Assert.Equal(recipe, Json.ofText<Recipe>(Json.toText recipe))

[<Fact>]
let ``a plan file reads back as the same runs`` () =
    let runs =
        runs "seed 1..2; case a { conv1: fixed }; case b { conv: train 3 filters }"

    Assert.Equal<Run[]>(runs, PlanFile.ofText (PlanFile.ofRuns runs))
    Assert.Equal<Run[]>([| runs[1] |], PlanFile.ofText (PlanFile.ofRun runs[1]))

[<Fact>]
let ``canonical JSON has fields in order, no space, and cases as words or objects`` () =
    Assert.Equal(
        """{"name":"p","value":{"number":{"value":0.1}}}""",
        Json.toText
            {
                Axis.Name = "p"
                Value = AxisValue.Number 0.1
            }
    )

    Assert.Equal("\"test\"", Json.toText Validation.Test)

[<Theory>]
[<InlineData(Double.NaN)>]
[<InlineData(Double.PositiveInfinity)>]
[<InlineData(0.1)>]
[<InlineData(5e-324)>]
let ``every float comes back with the same bits`` (value: float) =
    Assert.Equal(
        BitConverter.DoubleToInt64Bits value,
        BitConverter.DoubleToInt64Bits(Json.ofText<float>(Json.toText value))
    )

[<Theory>]
[<InlineData("{", "depth")>]
[<InlineData("[{}]", "field \"schema\" is missing")>]
[<InlineData("[{\"schema\":99}]", "plan format 99")>]
[<InlineData("3", "field \"schema\" is missing")>]
let ``a wrong plan file says what is wrong`` (text: string) (expected: string) =
    let error =
        Assert.Throws<Json.JsonMismatch>(fun () -> PlanFile.ofText text |> ignore)

    Assert.Contains(expected, error.message)

[<Fact>]
let ``a plan that an older Freeze left in a store can be read, but not run`` () =
    let runs =
        runs "data cifar10; net cnn6; validate 100; optimizer sgd; search halving 3; lr ~ 0.1 * choice(1, 2)"

    let run = runs[1]

    // Format 3 had neither digests nor places: candidate and rung were axes.
    let place = $",\"place\":{Searches.tryPlace run |> Option.get |> Json.toText}"
    let digest = $",\"digest\":\"{DataSource.digest run.Recipe.Data}\""

    let older =
        (PlanFile.ofRun run).Replace("\"schema\":4", "\"schema\":3").Replace(place, "").Replace(digest, "")

    let older = older.Replace("\"axes\":{}", "\"axes\":{\"candidate\":1,\"rung\":1}")

    Assert.Throws<Json.JsonMismatch>(fun () -> PlanFile.ofText older |> ignore)
    |> ignore

    let read = PlanFile.ofRecord older |> Array.exactlyOne
    Assert.Equal(DataSource.Named("cifar10", ""), read.Recipe.Data)
    Assert.Equal((Place.Alone, run.Name), (read.Place, read.Name))
    Assert.Equal<string list>([ "candidate"; "rung" ], [ for axis in read.Columns -> axis.Name ])

[<Fact>]
let ``an unknown field or a missing one is refused with its place`` () =
    let text = Json.toText (recipe ())
    let more = text.Replace("\"batch\":", "\"bitch\":1,\"batch\":")
    let less = text.Replace("\"batch\":128,", "")

    let said text =
        Assert.Throws<Json.JsonMismatch>(fun () -> Json.ofText<Recipe> text |> ignore).message

    Assert.Contains("bitch", said more)
    Assert.Contains("batch", said less)

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

[<Fact>]
let ``a field at its default is left out, and reads back as the default where it is missing`` () =
    let before: Before = { Batch = 3; Way = WayBefore.Staged 2 }

    let after: After =
        {
            Batch = 3
            Added = [||]
            Way = WayAfter.Staged(2, [| "all" |])
        }

    Assert.Equal("""{"batch":3,"way":{"staged":{"count":2}}}""", Json.toText after)
    Assert.Equal(Json.toText before, Json.toText after)
    Assert.Equal(after, Json.ofText<After>(Json.toText before))

    let other =
        { after with
            Added = [| 1 |]
            Way = WayAfter.Staged(2, [||])
        }

    Assert.Equal("""{"batch":3,"added":[1],"way":{"staged":{"count":2,"names":[]}}}""", Json.toText other)
    Assert.Equal(other, Json.ofText<After>(Json.toText other))

[<Fact>]
let ``an address depends on what is trained and not on what it is called`` () =
    let address text = Address.ofRecipe (runs text).[0].Recipe
    let plain = address "net lenet; conv1: fixed"
    Assert.Equal(plain, address "case other { layer 1: fixed; rest: train }")
    Assert.NotEqual<string>(plain, address "net lenet; conv1: zero")
    Assert.NotEqual<string>(plain, address "net lenet; conv1: fixed; seed 2")
    Assert.Matches("^[0-9a-f]{16}$", plain)
