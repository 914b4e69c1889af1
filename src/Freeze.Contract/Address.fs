namespace Freeze

open System
open System.Collections.Concurrent
open System.Security.Cryptography
open System.Text

/// Computes the addresses of many recipes. A net or weights that several of them share are hashed once.
type Addresses() =
    let known = ConcurrentDictionary<obj, byte[]>(HashIdentity.Reference)

    let digest (part: 'T) (content: 'T -> 'U) =
        known.GetOrAdd(box part, (fun _ -> SHA256.HashData(Json.toBytes (content part))))

    /// A file of weights is identified by its digest, wherever it is stored; so is a folder of images.
    let withoutPaths (weights: WeightPlan[]) =
        weights
        |> Array.map (fun plan ->
            match plan.Start with
            | Start.File(_, digest, layer) ->
                { plan with
                    Start = Start.File("", digest, layer)
                }
            | _ -> plan)

    /// The version of everything that follows from a recipe; part of each address. It is raised when the same recipe would give
    /// other numbers; adding a field does not raise it (`DefaultsTo`).
    static member Schema = 4

    /// 16 hexadecimal digits of the SHA-256 of the schema, the digests of the canonical JSON of the net and of the weights, the
    /// canonical JSON of the rest, and the address of the run that it starts from, if any.
    member this.Of(recipe: Recipe) : string =
        // The address of a run that others start from identifies it.
        let origin =
            match recipe.From with
            | Origin.Nothing -> [||]
            | Origin.Run before ->
                known.GetOrAdd(box before.Recipe, (fun _ -> Encoding.ASCII.GetBytes(this.Of before.Recipe)))

        let rest =
            { recipe with
                Data =
                    match recipe.Data with
                    // For folders that are not on this machine, only the path is known.
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

    /// Shown instead of an address if the data is not on this machine.
    let needsData = "needs the data"

    /// The address of a recipe. A run's name and the axes that produced it do not affect the address.
    let ofRecipe (recipe: Recipe) = Addresses().Of recipe
