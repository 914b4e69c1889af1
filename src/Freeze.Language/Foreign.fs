/// What users of Python, YAML or C write first, and what Freeze writes instead.
[<RequireQualifiedAccess>]
module Freeze.Language.Foreign

open System

let private verbs = [ "train"; "fixed"; "zero"; "solve" ]

/// What a statement that begins with a word of another language may have meant.
let statement (word: string) : string option =
    match word with
    | "for"
    | "while"
    | "foreach" ->
        Some "there are no loops: a list or a range means a run for each value, such as `seed 1..3`"
    | "if"
    | "switch" -> Some "there are no conditions: `case a { … }` and `case b { … }` mean runs of their own"
    | "def"
    | "function"
    | "class" ->
        Some
            "there are no functions: `let p = 0.4` names a value, `net mine { … }` or `block b { … }` parts of a net"
    | "print" -> Some "there is nothing to print: `report { table accuracy }` shows results"
    | _ -> None

let private isWord (c: char) =
    Char.IsLetterOrDigit c || c = '_' || c = '-' || c = '.'

let private lastWord (text: string) =
    let text = text.TrimEnd()
    let mutable start = text.Length

    while start > 0 && isWord text[start - 1] do
        start <- start - 1

    text.Substring start

/// `0.02` from `= 0.02, momentum …`.
let private valueOf (rest: string) =
    let value = rest.TrimStart('=', ' ')

    match value.IndexOfAny [| ','; ')'; ';'; '\n'; '#' |] with
    | -1 -> value.Trim()
    | at -> value.Substring(0, at).Trim()

/// The replacement for `name = value`.
let private instead (before: string) (rest: string) =
    let name, value = lastWord before, valueOf rest
    let known = Suggest.synonym name |> Option.defaultValue name

    if name = "let" then
        ""
    elif name = "" || value = "" then
        "there is no `=` here"
    elif
        List.contains value verbs
        || (Suggest.synonym value |> Option.exists (fun v -> List.contains v verbs))
    then
        $"a rule has a colon: `{name}: {Suggest.synonym value |> Option.defaultValue value}`"
    else
        $"no `=` stands between a name and its value: `{known} {value}`"

/// For a statement that cannot be read, given the text before the error, the text from there on and the word there: what to write
/// instead, and the word that may have been meant; "" if nothing is known.
let hint (before: string) (rest: string) (word: string) : string * string option =
    let trimmed = before.TrimEnd()

    let isComment =
        rest.StartsWith("//", StringComparison.Ordinal)
        || rest.StartsWith("/*", StringComparison.Ordinal)
        || (rest.StartsWith '/' && trimmed.EndsWith '/')
        || (rest.StartsWith '*' && trimmed.EndsWith '/')

    let first =
        (before + rest).TrimStart() |> Seq.takeWhile Char.IsLetter |> String.Concat

    let meant =
        if trimmed.EndsWith ':' then
            Suggest.nearest verbs word
        else
            None

    if isComment then
        "a comment begins with `#`", None
    elif rest.StartsWith '=' then
        instead before rest, None
    else
        match meant, statement first with
        | Some meant, _ -> $"did you mean `{meant}`?", Some meant
        | None, Some told -> told, None
        | None, None when trimmed.EndsWith ':' && word <> "" && Char.IsAsciiDigit word[0] ->
            $"a setting has no colon: `{lastWord (trimmed.TrimEnd ':')} {word}`", None
        | None, None -> "", None
