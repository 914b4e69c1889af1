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

    /// A run of a rung as it is on the next one: from its start, with three times the epochs.
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
