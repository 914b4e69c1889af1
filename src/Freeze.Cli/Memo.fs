/// Functions that keep their results.
[<RequireQualifiedAccess>]
module Freeze.Cli.Memo

open System.Collections.Generic

/// A function whose results are kept by a key of its argument.
let by (comparer: IEqualityComparer<'Key>) (key: 'T -> 'Key) (compute: 'T -> 'U) : 'T -> 'U =
    let known = Dictionary<'Key, 'U>(comparer)

    fun argument ->
        let key = key argument

        match known.TryGetValue key with
        | true, result -> result
        | false, _ ->
            let result = compute argument
            known[key] <- result
            result

let once (compute: 'T -> 'U) : 'T -> 'U = by HashIdentity.Structural id compute
