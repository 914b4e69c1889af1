module Freeze.Cli.Commands.Data

open Argu
open Freeze.Cli
open Freeze.Cli.Arguments

let run (_: ParseResults<DataArguments>) : int = Exit.fine
