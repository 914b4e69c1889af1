namespace Freeze

/// Parts of a net as recipes of their own: up to a node, or from a node on.
[<RequireQualifiedAccess>]
module Parts =
    /// A recipe with another net, of which it plans the layers that they have in common.
    let withNet (recipe: Recipe) (net: Net) : Recipe =
        let layers = net.Nodes |> Array.map _.Name |> Set.ofArray

        { recipe with
            Net = net
            Weights = recipe.Weights |> Array.filter (fun plan -> layers.Contains plan.Weight.Layer)
            FrozenStatistics = recipe.FrozenStatistics |> Array.filter layers.Contains
        }

    /// The recipe of a net up to a node, with the first of its stages.
    let upTo (recipe: Recipe) (output: int) (stages: int) : Recipe =
        withNet
            recipe
            {
                Nodes = recipe.Net.Nodes[..output]
                Stages = recipe.Net.Stages[.. stages - 1]
            }

    /// Nodes in a net that begins behind a node: it is their input, which stands first.
    let moved (output: int) (nodes: Node[]) : Node[] =
        nodes
        |> Array.map (fun node ->
            { node with
                Inputs = node.Inputs |> Array.map (fun input -> input - output)
            })

    /// The input of a net that begins behind a node.
    let input (net: Net) (output: int) : Node =
        { net.Nodes[0] with
            Shape = net.Nodes[output].Shape
        }

    /// A recipe whose net reads features: they are neither scaled nor normalised nor varied.
    let onFeatures (recipe: Recipe) : Recipe =
        { recipe with
            Resize = Resize.None
            Normalisation = Normalisation.Own
            Augmentations = [||]
        }

    /// The recipe of a net from behind a node on, which is all that its nodes read of those before.
    let behind (recipe: Recipe) (output: int) : Recipe =
        let own = recipe.Net.Nodes[output + 1 ..] |> moved output

        withNet
            recipe
            {
                Nodes = Array.append [| input recipe.Net output |] own
                Stages = [||]
            }
        |> onFeatures
