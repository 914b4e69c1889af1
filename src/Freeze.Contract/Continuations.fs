namespace Freeze

/// Runs whose epochs are, bit for bit, the first epochs of a longer run: the longer run continues from their end.
[<RequireQualifiedAccess>]
module Continuations =
    /// Whether a longer run may continue from the end of this one, so that its optimizer state is worth keeping: no step may
    /// depend on the total number of epochs. The rates of some schedules do; stages of a net and members of an ensemble are
    /// trained one after another.
    let mayFollow (recipe: Recipe) : bool =
        recipe.Learning.IsTogether && not (Schedule.dependsOnLength recipe.Schedule)

    /// A rule's period within a run that is cut to the given number of epochs.
    let private within epochs (period: Period) =
        match period with
        | Period.Always -> Period.Always
        | Period.Epochs(1, last) when last >= epochs -> Period.Always
        | Period.Epochs(first, last) -> Period.Epochs(first, min last epochs)

    let private withPeriods (change: Period -> Period) (weights: WeightPlan[]) =
        if weights |> Array.forall _.Update.Period.IsAlways then
            // The same array, so that it is hashed once.
            weights
        else
            weights
            |> Array.map (fun plan ->
                { plan with
                    Update =
                        { plan.Update with
                            Period = change plan.Update.Period
                        }
                })

    /// The recipe of a run's first `epochs` epochs; None if the run does not begin with the epochs of a shorter one. A stop is
    /// allowed: if it ends the shorter run, it ends the longer one at the same epoch.
    let tryFirst (epochs: int) (recipe: Recipe) : Recipe option =
        if mayFollow recipe && epochs >= 1 && epochs < recipe.Epochs then
            Some
                { recipe with
                    Epochs = epochs
                    Weights = withPeriods (within epochs) recipe.Weights
                }
        else
            None

    /// The recipe with more epochs: a period that lasts to the end is extended to the new end.
    let longer (epochs: int) (recipe: Recipe) : Recipe =
        let extended (period: Period) =
            match period with
            | Period.Epochs(first, last) when last = recipe.Epochs -> Period.Epochs(first, epochs)
            | Period.Epochs _
            | Period.Always -> period

        { recipe with
            Epochs = epochs
            Weights = withPeriods extended recipe.Weights
        }

    /// At most this many lengths are tried, since an address is computed for each.
    let private mostLengths = 1_000

    /// The addresses of the runs that a run may continue from, the longest first. Each is computed on demand.
    let shorter (recipe: Recipe) : string seq =
        let addresses = Addresses()

        seq { recipe.Epochs - 1 .. -1 .. 1 }
        |> Seq.truncate mostLengths
        |> Seq.choose (fun epochs -> tryFirst epochs recipe)
        |> Seq.map addresses.Of
