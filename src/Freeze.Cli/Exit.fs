/// Exit codes, the same for every command.
module Freeze.Cli.Exit

open Freeze.Language

let fine = 0

/// A run failed or was interrupted.
let runFailed = 1

/// Two files differ in meaning, as `diff` has it.
let differs = 1

/// Whether all that was to be done is.
let ofSuccess (isDone: bool) : int = if isDone then fine else runFailed

/// A file or the call is wrong; nothing was started.
let wrongInput = 2

/// Says on standard error what is wrong with a file or the call.
let refuse (reason: string) : int =
    Terminal.tell "%s" reason
    wrongInput

/// The same of a word that is none of those known, with the nearest of them where one is near, or else a hint.
let refuseUnknown (reason: string) (known: string list) (word: string) (hint: string) : int =
    match Suggest.nearest known word with
    | Some near -> refuse $"{reason}: did you mean {near}?"
    | None -> refuse $"{reason}: {hint}"
