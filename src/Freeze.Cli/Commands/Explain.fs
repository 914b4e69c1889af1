/// freeze explain: what the code of a message means, out of docs/errors.md.
module Freeze.Cli.Commands.Explain

open System.IO
open System.Reflection
open Argu
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Language

/// Codes and what is said of each, as the document has them: `- **FRZ012** …` and the indented lines behind it.
let private entries () : (string * string) list =
    use stream = Assembly.GetExecutingAssembly().GetManifestResourceStream "errors.md"
    use reader = new StreamReader(stream)

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

let private fill (width: int) (text: string) =
    let folder (lines: string list) (word: string) =
        match lines with
        | line :: rest when line.Length + 1 + word.Length <= width -> $"{line} {word}" :: rest
        | _ -> word :: lines

    text.Split ' ' |> Array.fold folder [] |> List.rev |> String.concat "\n"

let run (arguments: ParseResults<ExplainArguments>) : int =
    let asked = (arguments.GetResult Code).ToUpperInvariant()
    let entries = entries ()

    match entries |> List.tryFind (fst >> (=) asked) with
    | Some(code, text) ->
        printfn "%s" (fill 100 $"{code}: {text}")
        Exit.fine
    | None ->
        let known = entries |> List.map fst

        let near =
            match Suggest.nearest known asked with
            | Some near -> $"did you mean {near}?"
            | None -> "codes are such as FRZ012"

        eprintfn "no message has the code %s: %s" asked near
        Exit.wrongInput
