/// What tests expect: the expected value first, then the actual one. A failure shows both.
module Freeze.Tests.Expectations

open System
open Expecto

let private expect holds relation (expected: 'a) (actual: 'b) =
    if not holds then
        failtest $"Expected a value that %s{relation}\n%A{expected}\nbut got\n%A{actual}"

let equal (expected: 'a) (actual: 'a) =
    match box expected with
    // With all digits, of which Expecto shows six.
    | :? float when actual <> expected -> failtest $"Expected {expected}, but got {actual}"
    | _ -> Expect.equal actual expected "Not equal"

let notEqual (unexpected: 'a) (actual: 'a) =
    Expect.notEqual actual unexpected "Equal"

let isTrue condition = Expect.isTrue condition "Not so"
let isFalse condition = Expect.isFalse condition "Not so"
let matches pattern text = Expect.isMatch text pattern "No match"

let contains (part: string) (text: string) =
    expect (text.Contains part) "contains" part text

let lacks (part: string) (text: string) =
    expect (not (text.Contains part)) "lacks" part text

let startsWith (part: string) (text: string) =
    expect (text.StartsWith(part, StringComparison.Ordinal)) "starts with" part text

let endsWith (part: string) (text: string) =
    expect (text.EndsWith(part, StringComparison.Ordinal)) "ends with" part text

let isEmpty (items: 'a seq) = equal [] (List.ofSeq items)
let isNotEmpty (items: 'a seq) = Expect.isNonEmpty items "Empty"

let includes (item: 'a) (items: 'a seq) =
    expect (Seq.contains item items) "includes" item (List.ofSeq items)

let excludes (item: 'a) (items: 'a seq) =
    expect (not (Seq.contains item items)) "excludes" item (List.ofSeq items)

let exists (predicate: 'a -> bool) (items: 'a seq) =
    Expect.exists items predicate "None is as expected"

/// Both ends are allowed.
let between (least: 'a) (most: 'a) (actual: 'a) =
    expect (least <= actual && actual <= most) "lies between" (least, most) actual
