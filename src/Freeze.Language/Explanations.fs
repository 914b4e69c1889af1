/// What the codes of messages mean, out of docs/errors.md, and what settings take, out of their readers.
[<RequireQualifiedAccess>]
module Freeze.Language.Explanations

open System.IO
open System.Reflection
open Freeze.Language.Syntax
open Freeze.Language.Values

let private read () =
    use stream =
        Assembly.GetExecutingAssembly().GetManifestResourceStream "Freeze.Language.errors.md"

    use reader = new StreamReader(stream)

    // The document has them as `- **FRZ012** …` and the indented lines behind it.
    reader.ReadToEnd().Split "\n- **"
    |> Seq.skip 1
    |> Seq.map (fun entry ->
        let code = entry.Substring(0, entry.IndexOf "**")

        let text =
            entry.Substring(entry.IndexOf "**" + 2).Split '\n'
            |> Seq.indexed
            |> Seq.takeWhile (fun (i, line) -> i = 0 || line.StartsWith "  ")
            |> Seq.map (fun (_, line) -> line.Trim())
            |> String.concat " "

        code, text)
    |> List.ofSeq

let private entries = lazy read ()

/// Codes and what is said of each, in the order of the document.
let all () : (string * string) list = entries.Value

let tryFind (code: string) : string option =
    all () |> List.tryFind (fst >> (=) code) |> Option.map snd

/// What a setting would take, as its own reader says of a value that none takes: `a whole number from 1 to 65536`.
let ofSetting (name: string) : string option =
    let nowhere = { Start = 0; End = 0 }

    let phrase =
        [
            {
                Value = Term.Number(-1m, NumberForm.Whole)
                Span = nowhere
            }
        ]

    let found = ResizeArray<Diagnostic>()

    match name with
    | "search" -> Settings.search Scope.Empty phrase |> Diagnostic.keep found.Add |> ignore
    | "limit" -> Settings.limit Scope.Empty phrase |> Diagnostic.keep found.Add |> ignore
    | _ ->
        let written: Settings.Written =
            {
                Name = { Value = name; Span = nowhere }
                Phrase = phrase
            }

        let noData: Settings.DataLookup =
            {
                Named = fun _ -> ""
                Folder = fun path -> Error(Diagnostic.notImages path.Span "none is looked for here")
            }

        Settings.read found.Add noData Scope.Empty (Map.ofList [ name, written ])
        |> ignore

    let expected = "expected "

    found
    |> Seq.map _.Label
    |> Seq.tryFind _.StartsWith(expected)
    |> Option.map _.Substring(expected.Length)
