namespace Freeze

/// Searches over whole runs: which candidates continue, and from where.
[<RequireQualifiedAccess>]
module Searches =
    /// Successive halving keeps one of this many candidates and multiplies the epochs by the same number.
    let keptOneOf = 3

    /// How many candidates each rung of successive halving has, down to one.
    let rec rungs (candidates: int) : int list =
        if candidates <= 1 then
            [ candidates ]
        else
            candidates :: rungs (max 1 (candidates / keptOneOf))

    /// A run's place; None if it is not part of a search.
    let tryPlace (run: Run) : SearchPlace option =
        match run.Place with
        | Place.Alone -> None
        | Place.InSearch place -> Some place

    /// What a search ranks by: the accuracy after the last epoch, even if a run keeps the weights of its best one.
    let validation (result: RunResult) =
        (Array.last result.Epochs).ValidationAccuracy

    /// The suffix of a run's name on a rung.
    let private ending rung =
        if rung > 1 then $", rung {rung}" else ""

    /// The same run on the next rung, with three times the epochs.
    let private onNextRung (place: SearchPlace, run: Run) : Run =
        let next = place.Rung + 1
        let first = run.Name.Substring(0, run.Name.Length - (ending place.Rung).Length)

        { run with
            Name = first + ending next
            Place = Place.InSearch { place with Rung = next }
            Recipe = Continuations.longer (run.Recipe.Epochs * keptOneOf) run.Recipe
        }

    /// The recipes of a first-rung candidate on all later rungs: more rungs than any search has candidates for.
    let laterRungs (run: Run) : Recipe list =
        match tryPlace run with
        | Some place when place.Rung > 0 ->
            (run.Recipe, [ 1..10 ])
            ||> List.scan (fun recipe _ -> Continuations.longer (recipe.Epochs * keptOneOf) recipe)
            |> List.tail
        | _ -> []

    /// The runs of each search, grouped by what its candidates share.
    let group (candidates: (SearchPlace * Run * 'T) list) =
        candidates
        |> List.groupBy (fun (place, run, _) ->
            place.Search, run.Axes, run.NetName, DataSource.name run.Recipe.Data)

    /// The runs of the next rung, once all runs of a rung have ended: the best third of each search (at least one, the first on
    /// ties), or none if a single run is left. A run without a result has lost.
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
