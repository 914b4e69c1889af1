namespace Freeze

/// Runs that start from the weights of other runs.
[<RequireQualifiedAccess>]
module Origins =
    /// The run that a recipe starts from, if any.
    let tryBase (recipe: Recipe) : BaseRun option =
        match recipe.From with
        | Origin.Nothing -> None
        | Origin.Run before -> Some before

    /// All runs that a recipe starts from, directly or indirectly, in training order.
    let rec bases (recipe: Recipe) : BaseRun list =
        match tryBase recipe with
        | None -> []
        | Some before -> bases before.Recipe @ [ before ]

    /// Whether the images of a run and of all runs that it starts from are known; otherwise it has no address.
    let isIdentified (recipe: Recipe) : bool =
        DataSource.isIdentified recipe.Data
        && bases recipe
           |> List.forall (fun before -> DataSource.isIdentified before.Recipe.Data)

    /// The shorter run that ends with the weights that a run has after `epochs` epochs. If the learning rate does not depend on
    /// the run's length, the longer run continues from the shorter one.
    let atEpoch (epochs: int) (recipe: Recipe) : Recipe =
        if epochs >= recipe.Epochs then
            recipe
        else
            Continuations.tryFirst epochs recipe
            |> Option.defaultWith (fun () ->
                { recipe with
                    Stops = Array.append recipe.Stops [| Stop.After epochs |]
                })

    /// The recipe once the weights file of its base run is available.
    let resolved (path: string) (digest: string) (recipe: Recipe) : Recipe =
        { recipe with
            From = Origin.Nothing
            Weights =
                recipe.Weights
                |> Array.map (fun plan ->
                    if plan.Start.IsBase then
                        { plan with
                            Start = Start.File(path, digest, "")
                        }
                    else
                        plan)
        }

    /// The recipe with random numbers instead of the base's weights: its steps take equally long.
    let apart (recipe: Recipe) : Recipe =
        { recipe with
            From = Origin.Nothing
            Weights =
                recipe.Weights
                |> Array.map (fun plan ->
                    if plan.Start.IsBase then
                        { plan with
                            Start = Starts.torch plan.Weight
                        }
                    else
                        plan)
        }

    /// A base run as a run to train. If it is one of a file's runs, it has that run's axes.
    let asRun (profile: string) (before: BaseRun) : Run =
        {
            Name = before.Name
            Profile = profile
            Axes = [||]
            Place = Place.Alone
            NetName = before.NetName
            Expected = [||]
            Recipe = before.Recipe
        }

    /// Number of scalars in a run's files. A run with a base stores only what it trains and what starts on its own (in fp64,
    /// everything); an ensemble stores the net that its members start from and what each member trains.
    let ownParameters (recipe: Recipe) : int64 =
        let own =
            recipe.Weights
            |> Array.sumBy (fun plan ->
                let counts = Counts.ofWeight plan

                if plan.Start.IsBase && recipe.Precision <> Precision.Fp64 then
                    counts.Trained
                else
                    counts.Total)

        match recipe.Learning with
        | Learning.Ensemble(members, _, weights, _) ->
            own + Ensembles.learnedParameters members (Counts.ofWeights weights)
        | Learning.Together
        | Learning.StageByStage _ -> own
