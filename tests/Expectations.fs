/// What tests expect: the expected value first, then the actual one. A failure shows both.
module Freeze.Tests.Expectations

open System
open Expecto

let equal (expected: 'a) (actual: 'a) =
    Expect.equal actual expected "Not equal"

let notEqual (unexpected: 'a) (actual: 'a) =
    Expect.notEqual actual unexpected "Equal"

let isTrue condition = Expect.isTrue condition "False"
let isFalse condition = Expect.isFalse condition "True"

// Texts: `%A` would cut them short.

let private expectText holds relation (part: string) (text: string) =
    if not holds then
        failtest $"Expected a text that {relation} \"{part}\", but got \"{text}\""

let contains (part: string) (text: string) =
    expectText (text.Contains part) "contains" part text

let lacks (part: string) (text: string) =
    expectText (not (text.Contains part)) "lacks" part text

let startsWith (part: string) (text: string) =
    expectText (text.StartsWith(part, StringComparison.Ordinal)) "starts with" part text

let endsWith (part: string) (text: string) =
    expectText (text.EndsWith(part, StringComparison.Ordinal)) "ends with" part text

let matches (pattern: string) (text: string) = Expect.isMatch text pattern "No match"

// Sequences: Expecto does not show what they hold.

let isEmpty (items: 'a seq) = equal [] (List.ofSeq items)
let isNotEmpty (items: 'a seq) = Expect.isNonEmpty items "Empty"

let includes (item: 'a) (items: 'a seq) =
    if not (Seq.contains item items) then
        failtest $"Expected %A{item} among %A{List.ofSeq items}"

let excludes (item: 'a) (items: 'a seq) =
    if Seq.contains item items then
        failtest $"Expected no %A{item} among %A{List.ofSeq items}"

let exists predicate (items: 'a seq) =
    if not (Seq.exists predicate items) then
        failtest $"Expected another item among %A{List.ofSeq items}"

/// Both ends are allowed.
let between (least: 'a) (most: 'a) (actual: 'a) =
    if not (least <= actual && actual <= most) then
        failtest $"Expected a value from {least} to {most}, but got {actual}"
