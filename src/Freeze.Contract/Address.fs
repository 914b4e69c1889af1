namespace Freeze

open System
open System.Collections.Concurrent
open System.Security.Cryptography

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
            | Start.File(_, digest) ->
                { plan with
                    Start = Start.File("", digest)
                }
            | _ -> plan)

    /// The version of all that follows from a recipe: it is part of each address, and rises when the same
    /// recipe would give other numbers or a plan other fields.
    static member Schema = 3

    /// The same for runs alone that draw with dropout: 1 since its numbers depend on a value's place.
    static member private Drawing(net: Net) =
        let drops (node: Node) =
            match node.Operation with
            | Operation.Dropout _ -> true
            | _ -> false

        if Array.exists drops net.Nodes then [| 1uy |] else [||]

    /// 16 hexadecimal digits of the SHA-256 of the schema, of the digests of the net's and the weights' canonical JSON,
    /// and of the canonical JSON of the rest.
    member _.Of(recipe: Recipe) : string =
        let rest =
            { recipe with
                Data =
                    match recipe.Data with
                    | DataSource.Folder(_, digest, size, classes, training, test) ->
                        DataSource.Folder("", digest, size, classes, training, test)
                    | named -> named
                Net = { Nodes = [||]; Stages = [||] }
                Weights = [||]
            }

        let content =
            Array.concat
                [
                    BitConverter.GetBytes Addresses.Schema
                    Addresses.Drawing recipe.Net
                    digest recipe.Net id
                    digest recipe.Weights withoutPaths
                    Json.toBytes rest
                ]

        Convert.ToHexStringLower(SHA256.HashData content).Substring(0, 16)

[<RequireQualifiedAccess>]
module Address =
    /// The version of plans and addresses.
    let schema = Addresses.Schema

    /// The address of a recipe. What a run is called, and by which axes it came about, is no part of it.
    let ofRecipe (recipe: Recipe) = Addresses().Of recipe
