/// Exit codes, the same for every command.
module Freeze.Cli.Exit

open Freeze.Language

let fine = 0

/// A run failed or was interrupted.
let runFailed = 1

/// Two files differ in meaning (`freeze diff`).
let differs = 1

/// 0 if everything is done, else `runFailed`.
let ofSuccess (isDone: bool) : int = if isDone then fine else runFailed

/// A file or the call is wrong; nothing was started.
let wrongInput = 2

/// Prints what is wrong with a file or the call to standard error.
let refuse (reason: string) : int =
    Terminal.tell "%s" reason
    wrongInput

/// As `refuse`, for an unknown word: suggests the nearest known word, or else prints the hint.
let refuseUnknown (reason: string) (known: string list) (word: string) (hint: string) : int =
    match Suggest.nearest known word with
    | Some near -> refuse $"{reason}: did you mean {near}?"
    | None -> refuse $"{reason}: {hint}"
