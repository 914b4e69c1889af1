namespace Freeze

/// The trainings that an ensemble is made of.
[<RequireQualifiedAccess>]
module Ensembles =
    /// The net that all members start from: so many epochs under the recipe's own weights, and no stop before.
    let start (recipe: Recipe) (after: int) : Recipe =
        { recipe with
            Learning = Learning.Together
            Epochs = after
            Stops = [||]
        }

    /// A member's training: the weights of the ensemble, each from where a file of a SHA-256 has it. Its batches are told
    /// from those of other members by their purpose in the random stream alone.
    let training
        (recipe: Recipe)
        (weights: WeightPlan[])
        (frozenStatistics: string[])
        (path: string)
        (digest: string)
        : Recipe =
        { recipe with
            Learning = Learning.Together
            FrozenStatistics = frozenStatistics
            Weights =
                weights
                |> Array.map (fun plan ->
                    { plan with
                        Start = Start.File(path, digest, "")
                    })
            From = Origin.Nothing
        }

    /// Trained scalars of all members, each with its own.
    let learnedParameters (members: int) (counts: Counts) = int64 members * counts.Trained

    /// Scalars of one net, and for each further member the trained ones.
    let distinctParameters (members: int) (counts: Counts) =
        counts.Total + int64 (members - 1) * counts.Trained
