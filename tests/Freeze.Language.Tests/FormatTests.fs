/// The formatter: golden files in tests/cases/format, and laws on random syntax, lines and comments.
///
/// NAME.frz becomes NAME.out.frz. UPDATE_CASES=1 rewrites these; review the difference like code.
module Freeze.Language.Tests.FormatTests

open System
open System.Collections
open System.Collections.Concurrent
open System.IO
open System.Text
open FSharp.Reflection
open FsCheck
open FsCheck.FSharp
open Expecto
open Freeze.Language
open Freeze.Language.Tests.Files
open Freeze.Tests.Expectations

// Equality ---------------------------------------------------------------------------------------------------

let private readers = ConcurrentDictionary<Type, obj -> obj[]>()

let private fields (value: obj) : obj[] =
    let reader (kind: Type) =
        if kind.IsGenericType && kind.GetGenericTypeDefinition() = typedefof<list<_>> then
            fun (value: obj) -> [| yield box "a list"; yield! Seq.cast<obj>(value :?> IEnumerable) |]
        elif FSharpType.IsUnion kind then
            let tag = FSharpValue.PreComputeUnionTagReader kind

            let cases =
                FSharpType.GetUnionCases kind
                |> Array.map (fun case -> FSharpValue.PreComputeUnionReader case)

            fun (value: obj) ->
                let tag = tag value
                Array.append [| box tag |] (cases[tag] value)
        elif FSharpType.IsRecord kind then
            FSharpValue.PreComputeRecordReader kind
        else
            fun _ -> [||]

    readers.GetOrAdd (value.GetType(), Func<Type, obj -> obj[]> reader) value

/// Whether two trees are equal but for their places.
let rec private same (one: obj) (other: obj) : bool =
    match one, other with
    | null, _
    | _, null -> isNull one && isNull other
    | :? Span, :? Span -> true
    | _ ->
        match fields one, fields other with
        | [||], [||] -> one.Equals other
        | these, those -> these.Length = those.Length && Array.forall2 same these those

let private parsed (text: string) =
    let parsed = Parser.parse (source text)

    if not parsed.Diagnostics.IsEmpty then
        failwith $"%A{parsed.Diagnostics.Head} in\n{text}"

    parsed

let private formatted (text: string) =
    match Format.format (source text) with
    | Ok text -> text
    | Error diagnostics -> failwith $"%A{diagnostics.Head} in\n{text}"

let private comments (text: string) =
    (parsed text).Comments
    |> List.map (fun span -> (Source.text (source text) span).TrimEnd())

/// A text's canonical form, which must mean the same, keep the comments and be its own canonical form.
let private checkedForm (text: string) =
    let result = formatted text

    if not (same (parsed text).Statements (parsed result).Statements) then
        failwith $"another tree:\n{text}\n--- became\n{result}"

    let before, after = comments text, comments result

    if List.sort before <> List.sort after then
        failwith $"other comments:\n{text}\n--- became\n{result}"

    let again = formatted result

    if again <> result then
        failwith $"not canonical:\n{text}\n--- became\n{result}\n--- and then\n{again}"

    result

// Golden files -----------------------------------------------------------------------------------------------

let private folder = under [ "tests"; "cases"; "format" ]

let private goldenFiles () =
    Directory.GetFiles(folder, "*.frz")
    |> Seq.filter (fun path -> not (path.EndsWith ".out.frz"))
    |> Seq.map Path.GetFileNameWithoutExtension

let private written () =
    [ [ "dsl-examples" ]; [ "src"; "Freeze.Language"; "Library" ] ]
    |> Seq.collect (fun folder -> Directory.GetFiles(under folder, "*.frz", SearchOption.AllDirectories))
    |> Seq.map (fun path -> Path.GetRelativePath(root, path))

// Laws -------------------------------------------------------------------------------------------------------

let private law name generator property =
    testPropertyWithConfig (Generators.cases 250) name (Prop.forAll (Arb.fromGen generator) property)

/// The same statements with other lines, spaces and comments. Each comment is another one.
let private disturbed (random: Random) (text: string) : string =
    let result = StringBuilder()
    let mutable depth = 0
    let mutable quoted = false
    let mutable number = 0

    let comment () =
        number <- number + 1
        $"# {number} {{ \"(;: " + String(' ', random.Next 2)

    let choose (options: (unit -> string) list) = options[random.Next options.Length]()

    for c in text do
        match c with
        | '"' -> quoted <- not quoted
        | '('
        | '[' when not quoted -> depth <- depth + 1
        | ')'
        | ']' when not quoted -> depth <- depth - 1
        | _ -> ()

        let written =
            match c with
            | '\n' when depth > 0 ->
                choose
                    [
                        fun () -> "\n"
                        fun () -> " "
                        fun () -> comment () + "\n"
                    ]
            | '\n' ->
                choose
                    [
                        fun () -> "\n"
                        fun () -> " ; "
                        fun () -> ";"
                        fun () -> "\n\n \n"
                        fun () -> "\n;\n"
                        fun () -> comment () + "\n"
                        fun () -> $" ;{comment ()}\n"
                        fun () -> $"\n{comment ()}\n"
                        fun () -> $" {comment ()}\n\n\t{comment ()}\n{comment ()}\n\n"
                    ]
            | ' ' when not quoted ->
                choose
                    [
                        fun () -> " "
                        fun () -> "  "
                        fun () -> "\t"
                    ]
            | c -> string c

        result.Append written |> ignore

    result.ToString()

let private disturbedFiles =
    Gen.map2
        (fun statements (seed: int) -> Format.print statements |> disturbed (Random seed))
        Generators.file
        (Gen.choose (0, 1_000_000))

[<Tests>]
let tests =
    testList
        "formatter"
        [
            testTheory "a file's canonical form is the one beside it" (goldenFiles ()) (fun name ->
                let text = checkedForm (File.ReadAllText(Path.Combine(folder, name + ".frz")))
                let expected = Path.Combine(folder, name + ".out.frz")

                if Environment.GetEnvironmentVariable "UPDATE_CASES" = "1" then
                    File.WriteAllText(expected, text)
                else
                    equal (File.ReadAllText expected) text)

            testTheory "the examples and the library mean the same when formatted" (written ()) (fun path ->
                checkedForm (File.ReadAllText(Path.Combine(root, path))) |> ignore)

            testTheory
                "a line has one form"
                [
                    "a ((b))", "a b"
                    "a (b+c)*d", "a (b + c) * d"
                    "a b - (c - d)", "a b - (c - d)"
                    "a (b - c) - d", "a b - c - d"
                    "a -(b + c)", "a -(b + c)"
                    "a (b + c)^2", "a (b + c)^2"
                    "a (b ^ c) ^ d", "a (b^c)^d"
                    "a (-b) ^ 2", "a (-b)^2"
                    "a 10 ^ -2", "a 10^-2"
                    "a .4 5. .5x 4.% 1.e3 01", "a 0.4 5.0 0.5x 4.0% 1.0e3 01"
                    "a 1 .. 3", "a 1..3"
                    "a f( x 1 ,y )", "a f(x 1, y)"
                    "(a,b)=[(1,2),(3,4),]", "(a, b) = [(1, 2), (3, 4)]"
                    "((a), (b)) in (c): train", "(a, b) in c: train"
                    "a except (b except c) :fixed", "a except (b except c): fixed"
                    "(layer) in a: fixed", "(layer) in a: fixed"
                    "last 1 layers: train (lr) filters", "last layer: train (lr) filters"
                    "first 1 layers: zero", "first 1 layer: zero"
                    "case a{}", "case a { }"
                    "case a{;b 1;;c 2;}", "case a { b 1; c 2 }"
                    "net n{dense:{a};residual{b}shortcut from c{d}}",
                    "net n { dense: { a }; residual { b } shortcut from c { d } }"
                    "net n { a: { b } }", "net n { a { b } }"
                    "ensemble 5 after 1 epochs{a b}", "ensemble 5 after 1 epoch { a b }"
                    "report{table  a,b  by c;plot d(log)}", "report { table a, b by c; plot d (log) }"
                    "lr~1e-4*10^normal(0,1)", "lr ~ 1e-4 * 10^normal(0, 1)"
                ]
                (fun (text, expected) -> equal (expected + "\n") (checkedForm text))

            testTheory "a file without statements becomes an empty text" [ ""; "\n \n;\n" ] (fun text ->
                equal "" (checkedForm text))

            test "what cannot be read is not formatted" {
                match Format.format (source "epochs 3\nconv1 fixd:\n") with
                | Ok text -> failtest text
                | Error diagnostics -> equal [ "FRZ002" ] (diagnostics |> List.map _.Code)
            }

            test "a file that begins at an offset is formatted like any other" {
                let text = "a 1 # one\nnet n { # two\n  b; c }\n"

                match Format.format { source text with Start = 1000 } with
                | Ok result -> equal (formatted text) result
                | Error diagnostics -> failwith $"%A{diagnostics}"
            }

            test "a sum longer than the parser's longest keeps parentheses" {
                let row = String.replicate 100 " + 1"
                checkedForm $"let a = ((1{row}){row}){row}" |> ignore
            }

            test "thousands of comments and statements are formatted in a moment" {
                checkedForm (String.replicate 5_000 "a [1, # why\n2]; b 3 # c\n") |> ignore
            }

            law "a printed tree is read as the same tree" Generators.file (fun statements ->
                let text = Format.print statements

                if not (same statements (parsed text).Statements) then
                    failtest $"%A{statements}\n--- was printed as\n{text}")

            law
                "formatting keeps meaning and comments, and once is enough"
                disturbedFiles
                (checkedForm >> ignore)
        ]
