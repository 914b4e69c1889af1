/// A text to tokens, whatever it holds: for editors, which ask about texts that cannot be parsed yet.
module Freeze.Language.Scanner

open System

[<RequireQualifiedAccess>]
type Kind =
    | Word
    | Number
    | Text
    | Comment
    | Newline
    /// One character of any other kind, or the two dots of a range.
    | Symbol

[<Struct>]
type Token = { Kind: Kind; Span: Span }

let private isLetter c = Char.IsAsciiLetter c || c = '_'
let private isNameChar c = isLetter c || Char.IsAsciiDigit c

/// The tokens of a text, without white space; names and numbers are those of Lexical.fs.
let tokens (source: Source) : Token[] =
    let text = source.Text

    let peek i =
        if i < text.Length then text[i] else '\000'

    /// The first offset from `i` at which a character is none of these.
    let rec past (holds: char -> bool) i =
        if i < text.Length && holds text[i] then
            past holds (i + 1)
        else
            i

    let rec name i =
        let stop = past isNameChar i
        // A minus between two characters of a name is part of it.
        if peek stop = '-' && isNameChar (peek (stop + 1)) then
            name (stop + 1)
        else
            stop

    let number i =
        let whole = past Char.IsAsciiDigit i

        let fraction =
            // Two dots are a range.
            if peek whole = '.' && peek (whole + 1) <> '.' then
                past Char.IsAsciiDigit (whole + 1)
            else
                whole

        let sign =
            if peek (fraction + 1) = '-' || peek (fraction + 1) = '+' then
                1
            else
                0

        let exponent =
            if
                (peek fraction = 'e' || peek fraction = 'E')
                && Char.IsAsciiDigit(peek (fraction + 1 + sign))
            then
                past Char.IsAsciiDigit (fraction + 1 + sign)
            else
                fraction

        match peek exponent with
        | '%' -> exponent + 1
        | 'x' -> past Char.IsAsciiDigit (exponent + 1)
        | _ -> exponent

    let found = ResizeArray<Token>()
    let mutable i = 0

    while i < text.Length do
        let c = text[i]

        if c = ' ' || c = '\t' then
            i <- i + 1
        else
            let kind, stop =
                match c with
                | '\n' -> Kind.Newline, i + 1
                | '#' -> Kind.Comment, past (fun c -> c <> '\n') i
                | '"' ->
                    let stop = past (fun c -> c <> '"' && c <> '\n') (i + 1)
                    Kind.Text, (if peek stop = '"' then stop + 1 else stop)
                | c when isLetter c -> Kind.Word, name i
                | c when Char.IsAsciiDigit c || (c = '.' && Char.IsAsciiDigit(peek (i + 1))) ->
                    Kind.Number, number i
                | '.' when peek (i + 1) = '.' -> Kind.Symbol, i + 2
                | _ -> Kind.Symbol, i + 1

            found.Add
                {
                    Kind = kind
                    Span =
                        {
                            Start = source.Start + i
                            End = source.Start + stop
                        }
                }

            i <- stop

    found.ToArray()
