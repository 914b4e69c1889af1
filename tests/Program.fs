/// The runner of the tests in F#: Expecto's own options, or `--only WORDS` for the tests that have WORDS in their full name.
module Freeze.Tests.Program

open System
open Expecto
open Expecto.Impl

let private plain = [ No_Spinner; Colours 0; JoinWith "/" ]

let private only (words: string) =
    let hasWords (name: string list) =
        (String.concat "/" name).Contains(words, StringComparison.OrdinalIgnoreCase)

    testFromThisAssembly ()
    |> Option.map (Test.filter "/" hasWords)
    |> Option.filter (Test.toTestCodeList >> List.isEmpty >> not)

[<EntryPoint>]
let main arguments =
    match arguments with
    | [| "--only"; words |] ->
        match only words with
        | Some tests -> runTestsWithCLIArgs plain [||] tests
        | None ->
            printfn "No test has the words: %s" words
            2
    | _ -> runTestsInAssemblyWithCLIArgs plain arguments
