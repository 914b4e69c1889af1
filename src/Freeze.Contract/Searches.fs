namespace Freeze

/// Where a run stands in a search over whole runs.
type SearchPlace =
    {
        /// The axes that the candidates of one search have in common.
        Group: Axis[]
        /// From 0, the start.
        Candidate: int
        /// From 1 where the search halves; else 0.
        Rung: int
        Draws: Axis[]
    }

/// Searches over whole runs, as the axes of their runs tell them: those that candidates have in common, the candidate, the
/// rung where the search halves, then what was drawn.
[<RequireQualifiedAccess>]
module Searches =
    let candidateAxis = "candidate"
    let rungAxis = "rung"

    /// Of how many candidates successive halving lets one go on, with so many times the epochs.
    let keptOneOf = 3

    let private numberOf (axis: Axis) =
        match axis.Value with
        | AxisValue.Number value -> int value
        | AxisValue.Word _ -> 0

    /// A run's place; nothing where it is of no search.
    let tryPlace (run: Run) : SearchPlace option =
        run.Axes
        |> Array.tryFindIndex (fun axis -> axis.Name = candidateAxis)
        |> Option.map (fun at ->
            let behind = run.Axes[at + 1 ..]

            let halves =
                behind |> Array.tryHead |> Option.exists (fun axis -> axis.Name = rungAxis)

            {
                Group = run.Axes[.. at - 1]
                Candidate = numberOf run.Axes[at]
                Rung = if halves then numberOf behind[0] else 0
                Draws = if halves then behind[1..] else behind
            })

    /// What a search goes by: the accuracy of the weights that the run has kept.
    let validation (result: RunResult) =
        (Array.last result.Epochs).ValidationAccuracy

    /// A run of a rung as it is on the next one: with three times the epochs.
    let private onNextRung (run: Run) : Run =
        let raised (axis: Axis) =
            if axis.Name = rungAxis then
                { axis with
                    Value = AxisValue.Number(float (numberOf axis + 1))
                }
            else
                axis

        let place = tryPlace run |> Option.get

        let name =
            if place.Rung > 1 then
                run.Name.Substring(0, run.Name.LastIndexOf ", rung ")
            else
                run.Name

        { run with
            Name = $"{name}, rung {place.Rung + 1}"
            Axes = run.Axes |> Array.map raised
            Recipe =
                { run.Recipe with
                    Epochs = run.Recipe.Epochs * keptOneOf
                }
        }

    /// Whether the first epochs of a run with more epochs are those of one with fewer: a cosine's rates depend on how many
    /// there are, and the stages of a net and the members of an ensemble learn one behind the other.
    let private goesOn (recipe: Recipe) =
        recipe.Learning.IsTogether && not recipe.Schedule.IsCosine

    /// Whether the next rung of a search may go on from a run's end, so that more than its weights is worth keeping.
    let mayGoOn (run: Run) =
        goesOn run.Recipe && tryPlace run |> Option.exists (fun place -> place.Rung > 0)

    /// The recipe of the run on the rung before, from whose end a run goes on: the bits are those of a run from the start.
    let rungBefore (run: Run) : Recipe option =
        match tryPlace run with
        | Some place when place.Rung > 1 && goesOn run.Recipe ->
            Some
                { run.Recipe with
                    Epochs = run.Recipe.Epochs / keptOneOf
                }
        | _ -> None

    /// The runs of the rung above one, once all runs of that rung have ended: of each search the best third, at least one,
    /// of equal ones the first; none where a single one is left. A run without a result has lost.
    let nextRung (ended: (Run * RunResult option) list) : Run list =
        ended
        |> List.choose (fun (run, result) -> tryPlace run |> Option.map (fun place -> place, run, result))
        |> List.filter (fun (place, _, _) -> place.Rung > 0)
        |> List.groupBy (fun (place, run, _) -> place.Group, run.NetName, DataSource.name run.Recipe.Data)
        |> List.collect (fun (_, candidates) ->
            let top = candidates |> List.map (fun (place, _, _) -> place.Rung) |> List.max

            match candidates |> List.filter (fun (place, _, _) -> place.Rung = top) with
            | [ _ ] -> []
            | rung ->
                rung
                |> List.choose (fun (_, run, result) -> result |> Option.map (fun result -> run, result))
                |> List.sortByDescending (snd >> validation)
                |> List.truncate (max 1 (rung.Length / keptOneOf))
                |> List.map (fst >> onNextRung))
