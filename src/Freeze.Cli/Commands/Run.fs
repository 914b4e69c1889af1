module Freeze.Cli.Commands.Run

open Argu
open Freeze.Cli
open Freeze.Cli.Arguments

let run (_: ParseResults<RunArguments>) : int = Exit.fine
