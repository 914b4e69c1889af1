/// Turns any text into tokens: for editors, which need them for texts that cannot be parsed yet.
module Freeze.Language.Scanner

open System.Text.RegularExpressions

[<RequireQualifiedAccess>]
type TokenKind =
    | Word
    | Number
    | Text
    | Comment
    | Newline
    /// One character of any other kind, or the two dots of a range.
    | Symbol

[<Struct>]
type Token = { Kind: TokenKind; Span: Span }

/// Names and numbers are those of Lexical.fs.
let private patterns =
    [
        TokenKind.Newline, @"\n"
        TokenKind.Comment, @"#[^\n]*"
        TokenKind.Text, "\"[^\"\n]*\"?"
        // A minus between two characters of a name is part of it.
        TokenKind.Word, @"[A-Za-z_][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*"
        // Two dots are a range, not a fraction.
        TokenKind.Number, @"(?:[0-9]+(?:\.(?!\.)[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?:%|x[0-9]*)?"
        TokenKind.Symbol, @"\.\.|[^ \t]"
    ]

let private kinds = patterns |> List.map fst |> List.toArray

let private pattern =
    let groups = patterns |> List.map (fun (_, pattern) -> $"({pattern})")
    Regex(String.concat "|" groups, RegexOptions.CultureInvariant)

/// The tokens of a text, without white space.
let tokens (source: Source) : Token[] =
    let kindOf (found: Match) =
        kinds[Seq.findIndex (fun i -> found.Groups[i + 1].Success) (seq { 0 .. kinds.Length - 1 })]

    [|
        for found in pattern.Matches source.Text ->
            let start = source.Start + found.Index

            {
                Kind = kindOf found
                Span = Span.Between(start, start + found.Length)
            }
    |]
