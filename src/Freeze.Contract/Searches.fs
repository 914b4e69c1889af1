namespace Freeze

/// Searches over whole runs: which candidates go on, and from where.
[<RequireQualifiedAccess>]
module Searches =
    /// Of how many candidates successive halving lets one go on, with so many times the epochs.
    let keptOneOf = 3

    /// A run's place; nothing where it is of no search.
    let tryPlace (run: Run) : SearchPlace option =
        match run.Place with
        | Place.Alone -> None
        | Place.InSearch place -> Some place

    /// What a search goes by: the accuracy of the weights that the run has kept.
    let validation (result: RunResult) =
        (Array.last result.Epochs).ValidationAccuracy

    /// What the name of a run ends with on a rung.
    let private ending rung =
        if rung > 1 then $", rung {rung}" else ""

    /// A run of a rung as it is on the next one: with three times the epochs.
    let private onNextRung (place: SearchPlace, run: Run) : Run =
        let next = place.Rung + 1
        let first = run.Name.Substring(0, run.Name.Length - (ending place.Rung).Length)

        { run with
            Name = first + ending next
            Place = Place.InSearch { place with Rung = next }
            Recipe =
                { run.Recipe with
                    Epochs = run.Recipe.Epochs * keptOneOf
                }
        }

    /// The runs of each search, by what its candidates have in common.
    let group (candidates: (SearchPlace * Run * 'T) list) =
        candidates
        |> List.groupBy (fun (place, run, _) ->
            place.Search, run.Axes, run.NetName, DataSource.name run.Recipe.Data)

    /// Whether the first epochs of a run with more epochs are those of one with fewer: some schedules' rates depend on how
    /// many there are, and the stages of a net and the members of an ensemble learn one behind the other.
    let private goesOn (recipe: Recipe) =
        recipe.Learning.IsTogether && not (Schedule.dependsOnLength recipe.Schedule)

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
        |> group
        |> List.collect (fun (_, candidates) ->
            let top = candidates |> List.map (fun (place, _, _) -> place.Rung) |> List.max

            match candidates |> List.filter (fun (place, _, _) -> place.Rung = top) with
            | [ _ ] -> []
            | rung ->
                rung
                |> List.choose (fun (place, run, result) ->
                    result |> Option.map (fun result -> (place, run), result))
                |> List.sortByDescending (snd >> validation)
                |> List.truncate (max 1 (rung.Length / keptOneOf))
                |> List.map (fst >> onNextRung))
