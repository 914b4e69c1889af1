namespace Freeze

/// Which outputs of a net are computed once for a run.
type FeaturePlan =
    {
        /// The node whose outputs are kept; "" if none are.
        Output: string
        /// The weighted layers that are not computed again.
        Layers: string[]
        /// How many augmented copies of each training image are kept; 0 if the image itself is.
        Copies: int
        /// Size of the features of all images that the run uses; 0 if the number of images is not known.
        Bytes: int64
        /// Why the prefix ends there, such as "crop moves the images".
        Limit: string
    }

/// A convolution that is partly trained.
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

/// What the passes do for a run, as far as can be known without a tensor.
type PassPlan =
    {
        /// The weighted layers before the first trained one: no gradient reaches them.
        NoBackward: string[]
        Slices: SlicePlan[]
        Constants: ConstantPlan[]
        Features: FeaturePlan
    }

[<RequireQualifiedAccess>]
module PassPlans =
    let private features (recipe: Recipe) : FeaturePlan =
        let prefix = FixedPrefixes.find recipe
        let output = recipe.Net.Nodes[prefix.Output]
        let isKept = prefix.Output > 0
        let training, test = Recipe.images recipe

        {
            Output = if isKept then output.Name else ""
            Layers = prefix.Layers
            Copies =
                if isKept then
                    Augmentation.copies recipe.Augmentations
                else
                    0
            Bytes =
                if isKept then
                    FixedPrefixes.bytes recipe.Precision output.Shape
                    * (int64 (FixedPrefixes.rows recipe) * int64 training + int64 test)
                else
                    0L
            Limit = prefix.Limit
        }

    /// The convolutions for which the gradient of a slice can be computed alone.
    let private ungrouped (net: Net) : Set<string> =
        net.Nodes
        |> Array.choose (fun node ->
            match node.Operation with
            | Operation.Conv(Groups = 1) -> Some node.Name
            | _ -> None)
        |> Set.ofArray

    let private slice (ungrouped: Set<string>) (plan: WeightPlan) : SlicePlan option =
        let ofSlice dimension learning =
            if ungrouped.Contains plan.Weight.Layer && not plan.Weight.IsBias && learning > 0 then
                Some
                    {
                        Layer = plan.Weight.Layer
                        Learning = learning
                        Of = plan.Weight.Shape[dimension]
                        Dimension = dimension
                    }
            else
                None

        match plan.Treatment with
        | Treatment.Slice(dimension, indices, _) -> ofSlice dimension indices.Length
        | Treatment.Largest(dimension, count, _) -> ofSlice dimension count
        | _ -> None

    let private constants (net: Net) (weights: WeightPlan[]) : ConstantPlan[] =
        LiveChannels.ofNet PassSet.All net weights
        |> Array.zip net.Nodes
        |> Array.choose (fun (node, live) ->
            match node.Operation, live with
            | Operation.Conv(Filters = filters), NonNull live ->
                Some
                    {
                        Layer = node.Name
                        Constant = filters - live.Length
                        Of = filters
                    }
            | _ -> None)

    /// What the passes do for a recipe with the given weight plans.
    let ofWeights (recipe: Recipe) (weights: WeightPlan[]) : PassPlan =
        {
            NoBackward = Costs.prefix recipe.Net weights
            Slices = weights |> Array.choose (slice (ungrouped recipe.Net))
            Constants = constants recipe.Net weights
            Features = features recipe
        }
