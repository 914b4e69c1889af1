namespace Freeze

/// Where the weights are from that start as another run has left them.
[<RequireQualifiedAccess>]
type Origin =
    /// No weight does.
    | Nothing
    | Run of Base: BaseRun

/// A run that another one starts from. What it is called decides no number.
and BaseRun =
    {
        Name: string
        NetName: string
        Recipe: Recipe
    }

/// All that decides a run's numbers. Its hash is the run's address. A field that is added here, or to a case below, is marked
/// with `DefaultsTo`: then the addresses of all recipes before it hold.
and Recipe =
    {
        Data: DataSource
        Images: Images
        /// The test images that it is evaluated on.
        [<DefaultsTo("\"all\"")>]
        TestImages: Images
        Validation: Validation
        [<DefaultsTo("\"none\"")>]
        Resize: Resize
        Normalisation: Normalisation
        Augmentations: Augmentation[]
        /// Outputs of the net; the data may have fewer classes.
        Classes: int
        Net: Net
        Weights: WeightPlan[]
        /// Batch norms that normalise by their running statistics, which stay where they start.
        FrozenStatistics: string[]
        Learning: Learning
        /// Whether of a stage's candidates the best third go on with three times the epochs, and so on.
        [<DefaultsTo("false")>]
        Halving: bool
        Loss: Loss
        Optimizer: Optimizer
        [<DefaultsTo("\"off\"")>]
        Clipping: Clipping
        Schedule: Schedule
        /// Epochs in which the learning rate rises from 0 step by step.
        Warmup: int
        Batch: int
        /// Whether an epoch ends with its last whole batch.
        [<DefaultsTo("false")>]
        DropLast: bool
        Epochs: int
        /// The first that holds ends the run; without, it has all its epochs.
        Stops: Stop[]
        [<DefaultsTo("\"last\"")>]
        Keep: Keep
        Shuffle: bool
        Precision: Precision
        Device: Device
        Seed: int64
        /// The run whose weights are the start of those that `Start.Base` says.
        [<DefaultsTo("\"nothing\"")>]
        From: Origin
    }

[<RequireQualifiedAccess>]
module Recipe =
    /// How many training images a run uses, those held out among them, and how many test images; none where nothing is
    /// known of its data.
    let images (recipe: Recipe) : int * int =
        let used all (images: Images) =
            match images with
            | Images.All -> all
            | Images.First count -> count

        match DataSource.tryDescribe recipe.Data with
        | Some set -> used set.TrainingImages recipe.Images, used set.TestImages recipe.TestImages
        | None -> 0, 0

    /// The same recipe, evaluated on all test images.
    let evaluatedOnAll (recipe: Recipe) : Recipe = { recipe with TestImages = Images.All }

    /// The same net where all weights are read from the file that the run left: those that its weights started from are not
    /// needed. A slice that was chosen by them is no slice any more.
    let ofKeptWeights (recipe: Recipe) : Recipe =
        let kept plan =
            match plan.Start, plan.Treatment with
            | (Start.File _ | Start.Base), Treatment.Largest _ ->
                { plan with
                    Start = Start.Constant 0.0
                    Treatment = Treatment.Trained
                }
            | (Start.File _ | Start.Base), _ -> { plan with Start = Start.Constant 0.0 }
            | _ -> plan

        { recipe with
            Weights = recipe.Weights |> Array.map kept
            From = Origin.Nothing
        }
