namespace Freeze

/// What of a net's outputs is computed once for a run.
type FeaturePlan =
    {
        /// The node whose outputs are kept; "" where none are.
        Output: string
        /// The weighted layers that are not computed again.
        Layers: string[]
        /// Of the features of all images that the run uses; 0 where their number is not known.
        Bytes: int64
        /// Why it is no more, such as "crop moves the images".
        Limit: string
    }

/// A convolution of which a part learns.
type SlicePlan =
    {
        Layer: string
        Learning: int
        Of: int
        Dimension: int
    }

/// A convolution some of whose channels are constant.
type ConstantPlan =
    {
        Layer: string
        Constant: int
        Of: int
    }

/// What the passes make of a run, as far as can be said without a tensor.
type PassPlan =
    {
        /// The weighted layers in front of all that learns: no gradient reaches them.
        NoBackward: string[]
        Slices: SlicePlan[]
        Constants: ConstantPlan[]
        Features: FeaturePlan
    }

[<RequireQualifiedAccess>]
module PassPlans =
    let private limit (limit: PrefixLimit) =
        match limit with
        | PrefixLimit.Learns layer -> $"{layer} learns"
        | PrefixLimit.StatisticsMove layer -> $"the statistics of {layer} move"
        | PrefixLimit.Drops layer -> $"{layer} draws anew in each step"
        | PrefixLimit.ImagesVary "crop" -> "crop moves the images"
        | PrefixLimit.ImagesVary by -> $"{by} varies the images"
        | PrefixLimit.OtherLearning -> "its nets learn one after the other"
        | PrefixLimit.Nothing -> "the net ends"

    let private images (recipe: Recipe) =
        match DataSource.tryDescribe recipe.Data, recipe.Images with
        | Some set, Images.All -> int64 set.TrainingImages + int64 set.TestImages
        | Some set, Images.First count -> int64 count + int64 set.TestImages
        | None, _ -> 0L

    let private features (recipe: Recipe) : FeaturePlan =
        let prefix = FixedPrefixes.find recipe
        let isKept = prefix.Output > 0

        {
            Output = if isKept then recipe.Net.Nodes[prefix.Output].Name else ""
            Layers = prefix.Layers
            Bytes =
                if isKept then
                    FixedPrefixes.size recipe prefix.Output * images recipe
                else
                    0L
            Limit = limit prefix.Limit
        }

    let private slice (plan: WeightPlan) : SlicePlan option =
        let of' dimension learning =
            Some
                {
                    Layer = plan.Weight.Layer
                    Learning = learning
                    Of = plan.Weight.Shape[dimension]
                    Dimension = dimension
                }

        match plan.Weight.Kind, plan.Weight.IsBias, plan.Treatment with
        | LayerKind.Conv, false, Treatment.Slice(dimension, indices, _) when indices.Length > 0 ->
            of' dimension indices.Length
        | LayerKind.Conv, false, Treatment.Largest(dimension, count, _) when count > 0 -> of' dimension count
        | _ -> None

    let private constants (net: Net) (weights: WeightPlan[]) : ConstantPlan[] =
        LiveChannels.ofNet PassSet.All net weights
        |> Array.zip net.Nodes
        |> Array.choose (fun (node, live) ->
            match node.Operation, live with
            | Operation.Conv(filters, _, _, _, _, _, _), NonNull live ->
                Some
                    {
                        Layer = node.Name
                        Constant = filters - live.Length
                        Of = filters
                    }
            | _ -> None)

    /// What the passes make of a recipe under a treatment of its weights.
    let ofWeights (recipe: Recipe) (weights: WeightPlan[]) : PassPlan =
        {
            NoBackward = Costs.prefix recipe.Net weights
            Slices = weights |> Array.choose slice
            Constants = constants recipe.Net weights
            Features = features recipe
        }
