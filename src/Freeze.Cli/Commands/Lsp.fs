/// freeze lsp: a language server on standard input and output.
module Freeze.Cli.Commands.Lsp

open System
open Argu
open Freeze.Cli.Arguments
open Freeze.LanguageServer

let run (version: string) (_: ParseResults<LspArguments>) : int =
    use input = Console.OpenStandardInput()
    use output = Console.OpenStandardOutput()
    // Other output must not come between messages.
    Console.SetOut Console.Error
    Session.run version input output
