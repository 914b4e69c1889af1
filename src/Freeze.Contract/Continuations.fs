namespace Freeze

/// Runs whose epochs are the first ones of a longer run, bit for bit: the longer one goes on from their end.
[<RequireQualifiedAccess>]
module Continuations =
    /// Whether a longer run may go on from the end of a run, so that the state of its optimizer is worth keeping: no step may
    /// depend on how many epochs there are in all. Some schedules' rates do; the stages of a net and the members of an ensemble
    /// learn one behind the other.
    let mayFollow (recipe: Recipe) : bool =
        recipe.Learning.IsTogether && not (Schedule.dependsOnLength recipe.Schedule)

    /// The period that the rules of a run give in one of so many epochs: it ends with the run.
    let private within epochs (period: Period) =
        match period with
        | Period.Always -> Period.Always
        | Period.Epochs(1, last) when last >= epochs -> Period.Always
        | Period.Epochs(first, last) -> Period.Epochs(first, min last epochs)

    let private withPeriods (change: Period -> Period) (weights: WeightPlan[]) =
        if weights |> Array.forall _.Update.Period.IsAlways then
            // The very same, so that they are hashed once.
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

    /// The recipe of a run's first so many epochs; none where the run does not begin with the epochs of a shorter one. A stop
    /// is no obstacle: where it has ended the shorter run, it ends the longer one there too.
    let tryFirst (epochs: int) (recipe: Recipe) : Recipe option =
        if mayFollow recipe && epochs >= 1 && epochs < recipe.Epochs then
            Some
                { recipe with
                    Epochs = epochs
                    Weights = withPeriods (within epochs) recipe.Weights
                }
        else
            None

    /// The recipe with more epochs: what learns up to the end learns up to the new one.
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

    /// So many lengths are looked for: each is an address to compute.
    let private mostLengths = 1_000

    /// The addresses of the runs that a run may go on from, the longest first. Each is computed when it is asked for.
    let shorter (recipe: Recipe) : string seq =
        let addresses = Addresses()

        seq { recipe.Epochs - 1 .. -1 .. 1 }
        |> Seq.truncate mostLengths
        |> Seq.choose (fun epochs -> tryFirst epochs recipe)
        |> Seq.map addresses.Of
