namespace Freeze

/// The trainings that make up an ensemble.
[<RequireQualifiedAccess>]
module Ensembles =
    /// The training whose result all members start from: `after` epochs under the recipe's own weights, without an early stop.
    let start (recipe: Recipe) (after: int) : Recipe =
        { recipe with
            Learning = Learning.Together
            Epochs = after
            Stops = [||]
        }

    /// A member's training: the ensemble's weights, each read from the file with the given SHA-256. Only the purpose in the
    /// random stream distinguishes its batches from those of other members.
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

    /// The number of trained scalars of all members together; each has its own.
    let learnedParameters (members: int) (counts: Counts) = int64 members * counts.Trained

    /// The scalars of one net plus, for each further member, its trained scalars.
    let distinctParameters (members: int) (counts: Counts) =
        counts.Total + int64 (members - 1) * counts.Trained
