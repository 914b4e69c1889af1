/// The runner of the tests in F#: Expecto's own options, or `--only WORDS` for the tests that have WORDS in their full name.
module Freeze.Tests.Program

open System
open Expecto
open Expecto.Impl

let private plain = [ No_Spinner; Colours 0; JoinWith "/" ]

[<EntryPoint>]
let main arguments =
    match arguments with
    | [| "--only"; words |] ->
        let hasWords (name: string list) =
            (String.concat "/" name).Contains(words, StringComparison.OrdinalIgnoreCase)

        testFromThisAssembly ()
        |> Option.defaultValue (testList "" [])
        |> Test.filter "/" hasWords
        |> runTestsWithCLIArgs plain [||]
    | _ -> runTestsInAssemblyWithCLIArgs plain arguments
