namespace Freeze

open System
open System.Collections.Concurrent
open System.Security.Cryptography
open System.Text

/// Addresses of many recipes: what several of them share, a net or its weights, is hashed once.
type Addresses() =
    let known = ConcurrentDictionary<obj, byte[]>(HashIdentity.Reference)

    let digest (part: 'T) (content: 'T -> 'U) =
        known.GetOrAdd(box part, (fun _ -> SHA256.HashData(Json.toBytes (content part))))

    /// A file of weights is known by its digest, wherever it lies; so is a folder of images.
    let withoutPaths (weights: WeightPlan[]) =
        weights
        |> Array.map (fun plan ->
            match plan.Start with
            | Start.File(_, digest, layer) ->
                { plan with
                    Start = Start.File("", digest, layer)
                }
            | _ -> plan)

    /// The version of all that follows from a recipe: it is part of each address. It rises when the same recipe would give
    /// other numbers; a further field does not raise it (`DefaultsTo`).
    static member Schema = 4

    /// 16 hexadecimal digits of the SHA-256 of the schema, of the digests of the net's and the weights' canonical JSON,
    /// of the canonical JSON of the rest, and of the address of the run that it starts from, if there is one.
    member this.Of(recipe: Recipe) : string =
        // A run that others start from is known by its own address.
        let origin =
            match recipe.From with
            | Origin.Nothing -> [||]
            | Origin.Run before ->
                known.GetOrAdd(box before.Recipe, (fun _ -> Encoding.ASCII.GetBytes(this.Of before.Recipe)))

        let rest =
            { recipe with
                Data =
                    match recipe.Data with
                    // Of folders that are not here only the path is known.
                    | DataSource.Folder(_, digest, size, classes, training, test) when digest <> "" ->
                        DataSource.Folder("", digest, size, classes, training, test)
                    | other -> other
                Learning =
                    match recipe.Learning with
                    | Learning.Ensemble(members, after, weights, frozen) ->
                        Learning.Ensemble(members, after, withoutPaths weights, frozen)
                    | other -> other
                Net = { Nodes = [||]; Stages = [||] }
                Weights = [||]
                From = Origin.Nothing
            }

        let content =
            Array.concat
                [
                    BitConverter.GetBytes Addresses.Schema
                    digest recipe.Net id
                    digest recipe.Weights withoutPaths
                    Json.toBytes rest
                    origin
                ]

        Convert.ToHexStringLower(SHA256.HashData content).Substring(0, 16)

[<RequireQualifiedAccess>]
module Address =
    /// The version of plans and addresses.
    let schema = Addresses.Schema

    /// What stands in place of an address where the data is not on this machine.
    let needsData = "needs the data"

    /// The address of a recipe. What a run is called, and by which axes it came about, is no part of it.
    let ofRecipe (recipe: Recipe) = Addresses().Of recipe
