namespace Freeze

/// Parts of a net as separate recipes: up to a node, or from a node on.
[<RequireQualifiedAccess>]
module Parts =
    /// A recipe with another net; it keeps the plans of the layers that both nets have.
    let withNet (recipe: Recipe) (net: Net) : Recipe =
        let layers = net.Nodes |> Array.map _.Name |> Set.ofArray

        { recipe with
            Net = net
            Weights = recipe.Weights |> Array.filter (fun plan -> layers.Contains plan.Weight.Layer)
            FrozenStatistics = recipe.FrozenStatistics |> Array.filter layers.Contains
        }

    /// The recipe of a net up to a node, with the given number of stages.
    let upTo (recipe: Recipe) (output: int) (stages: int) : Recipe =
        withNet
            recipe
            {
                Nodes = recipe.Net.Nodes[..output]
                Stages = recipe.Net.Stages[.. stages - 1]
            }

    /// The nodes renumbered for a net that begins after a node: that node becomes the input, index 0.
    let moved (output: int) (nodes: Node[]) : Node[] =
        nodes
        |> Array.map (fun node ->
            { node with
                Inputs = node.Inputs |> Array.map (fun input -> input - output)
            })

    /// The input of a net that begins after a node.
    let input (net: Net) (output: int) : Node =
        { net.Nodes[0] with
            Shape = net.Nodes[output].Shape
        }

    /// A recipe whose net reads features, which are not scaled, normalised or augmented.
    let onFeatures (recipe: Recipe) : Recipe =
        { recipe with
            Resize = Resize.None
            Normalisation = Normalisation.Own
            Augmentations = [||]
        }

    /// The recipe of a net from after a node on; its nodes must read no other earlier node.
    let behind (recipe: Recipe) (output: int) : Recipe =
        let own = recipe.Net.Nodes[output + 1 ..] |> moved output

        withNet
            recipe
            {
                Nodes = Array.append [| input recipe.Net output |] own
                Stages = [||]
            }
        |> onFeatures
