/// Suggests names for a mistyped one.
[<RequireQualifiedAccess>]
module Freeze.Language.Suggest

open System

/// Edits (insert, delete, replace, swap neighbours) from one word to another: optimal string alignment.
let private distance (a: string) (b: string) =
    let table =
        Array2D.init (a.Length + 1) (b.Length + 1) (fun i j ->
            if i = 0 then j
            elif j = 0 then i
            else 0)

    for i in 1 .. a.Length do
        for j in 1 .. b.Length do
            let replaced = table[i - 1, j - 1] + (if a[i - 1] = b[j - 1] then 0 else 1)
            let best = min replaced (min (table[i - 1, j] + 1) (table[i, j - 1] + 1))

            let swapped = i > 1 && j > 1 && a[i - 1] = b[j - 2] && a[i - 2] = b[j - 1]
            table[i, j] <- if swapped then min best (table[i - 2, j - 2] + 1) else best

    table[a.Length, b.Length]

/// Names from other languages and libraries, with the name here.
let private synonyms =
    Map.ofList
        [
            "learning_rate", "lr"
            "learningrate", "lr"
            "rate", "lr"
            "weight_decay", "decay"
            "wd", "decay"
            "batch_size", "batch"
            "batchsize", "batch"
            "num_epochs", "epochs"
            "dataset", "data"
            "model", "net"
            "network", "net"
            "optim", "optimizer"
            "scheduler", "schedule"
            "frozen", "fixed"
            "freeze", "fixed"
            "locked", "fixed"
            "trainable", "train"
            "trained", "train"
            "learn", "train"
            "unfreeze", "train"
            "zeros", "zero"
            "zeroed", "zero"
            "pruned", "zero"
            "conv2d", "conv"
            "batchnorm", "bn"
            "true", "on"
            "false", "off"
        ]

/// The name here of something that has another name elsewhere.
let synonym (name: string) : string option =
    Map.tryFind (name.ToLowerInvariant().Replace('-', '_')) synonyms

/// The nearest known name, if it is close: at most a third of the letters may differ.
let nearest (known: string seq) (name: string) : string option =
    // A hostile name of a megabyte is close to nothing.
    if name.Length > 64 then
        None
    else
        let name = name.ToLowerInvariant()

        let near () =
            known
            |> Seq.filter (fun candidate -> candidate.Length <= 64)
            |> Seq.map (fun candidate -> candidate, distance name (candidate.ToLowerInvariant()))
            |> Seq.filter (fun (candidate, edits) -> edits <= max 1 (max name.Length candidate.Length / 3))
            |> Seq.sortBy snd
            |> Seq.tryHead
            |> Option.map fst

        synonym name
        |> Option.filter (fun here -> Seq.contains here known)
        |> Option.orElseWith near

/// "a", "a or b", "a, b or c"; names beyond `most` are counted.
let list (joiner: string) (most: int) (names: string seq) : string =
    let names = Seq.toList names

    if names.Length > most then
        let shown = names |> List.take most |> String.concat ", "
        $"{shown} and %d{names.Length - most} more"
    else
        match List.rev names with
        | [] -> ""
        | [ only ] -> only
        | last :: before -> (before |> List.rev |> String.concat ", ") + $" {joiner} {last}"
