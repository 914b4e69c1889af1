namespace Freeze

/// Where the weights come from that start as another run left them.
[<RequireQualifiedAccess>]
type Origin =
    /// No weight starts so.
    | Nothing
    | Run of Base: BaseRun

/// A run that another one starts from. Its name does not affect the results.
and BaseRun =
    {
        Name: string
        NetName: string
        Recipe: Recipe
    }

/// Everything that determines a run's results. Its hash is the run's address. Mark each field that is added here, or to a case
/// below, with `DefaultsTo`, so that the addresses of older recipes stay valid.
and Recipe =
    {
        Data: DataSource
        Images: Images
        /// The test images to evaluate on.
        [<DefaultsTo("\"all\"")>]
        TestImages: Images
        Validation: Validation
        [<DefaultsTo("\"none\"")>]
        Resize: Resize
        Normalisation: Normalisation
        Augmentations: Augmentation[]
        /// Number of the net's outputs; the data may have fewer classes.
        Classes: int
        Net: Net
        Weights: WeightPlan[]
        /// Batch norms that normalise by their running statistics, which keep their initial values.
        FrozenStatistics: string[]
        Learning: Learning
        /// Whether the best third of a stage's candidates continues with three times the epochs, and so on.
        [<DefaultsTo("false")>]
        Halving: bool
        Loss: Loss
        Optimizer: Optimizer
        [<DefaultsTo("\"off\"")>]
        Clipping: Clipping
        Schedule: Schedule
        /// Epochs over which the learning rate rises from 0, step by step.
        Warmup: int
        Batch: int
        /// Whether an epoch drops its last, incomplete batch.
        [<DefaultsTo("false")>]
        DropLast: bool
        Epochs: int
        /// The first one that applies ends the run; otherwise the run has all its epochs.
        Stops: Stop[]
        [<DefaultsTo("\"last\"")>]
        Keep: Keep
        Shuffle: bool
        Precision: Precision
        Device: Device
        Seed: int64
        /// The run that weights with `Start.Base` start from.
        [<DefaultsTo("\"nothing\"")>]
        From: Origin
    }

[<RequireQualifiedAccess>]
module Recipe =
    /// How many training images, including held-out ones, and how many test images a run uses; 0 if nothing is known of its data.
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

    /// The same net with all weights read from the file that the run saved; what the run started from is not needed. A slice that
    /// was chosen by the initial weights becomes fully trained.
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
