/// Exit codes, the same for every command.
module Freeze.Cli.Exit

let fine = 0

/// A run failed or was interrupted.
let runFailed = 1

/// A file or the call is wrong; nothing was started.
let wrongInput = 2
