/// The explanations of message codes, from docs/errors.md.
[<RequireQualifiedAccess>]
module Freeze.Language.Explanations

open System.IO
open System.Reflection

let private read () =
    use stream =
        Assembly.GetExecutingAssembly().GetManifestResourceStream "Freeze.Language.errors.md"

    use reader = new StreamReader(stream)

    // The document writes them as `- **FRZ012** …` followed by indented lines.
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

/// Codes with their explanations, in the order of the document.
let all () : (string * string) list = entries.Value

let tryFind (code: string) : string option =
    all () |> List.tryFind (fst >> (=) code) |> Option.map snd
