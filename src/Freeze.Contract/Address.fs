namespace Freeze

open System
open System.Security.Cryptography

[<RequireQualifiedAccess>]
module Address =
    /// The version of all that follows from a recipe: it is part of each address, and rises when the same
    /// recipe would give other numbers or a plan other fields.
    let schema = 2

    /// A file of weights is known by its digest, wherever it lies.
    let private withoutPaths (recipe: Recipe) =
        let without (plan: WeightPlan) =
            match plan.Start with
            | Start.File(_, digest) ->
                { plan with
                    Start = Start.File("", digest)
                }
            | _ -> plan

        if recipe.Weights |> Array.exists _.Start.IsFile then
            { recipe with
                Weights = Array.map without recipe.Weights
            }
        else
            recipe

    /// The address of a recipe: 16 hexadecimal digits of the SHA-256 of its canonical JSON. What a run is
    /// called, and by which axes it came about, is no part of it.
    let ofRecipe (recipe: Recipe) =
        let content =
            Array.append (BitConverter.GetBytes schema) (Json.toBytes (withoutPaths recipe))

        Convert.ToHexStringLower(SHA256.HashData content).Substring(0, 16)
