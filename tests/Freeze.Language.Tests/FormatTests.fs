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
open Freeze.Language
open Freeze.Language.Tests.Files
open Xunit

/// How many random files a law is tried on: FREEZE_CASES, or a few that take a second.
let private cases =
    match Int32.TryParse(Environment.GetEnvironmentVariable "FREEZE_CASES") with
    | true, count -> count
    | false, _ -> 500

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

let goldenFiles () =
    Directory.GetFiles(folder, "*.frz")
    |> Seq.filter (fun path -> not (path.EndsWith ".out.frz"))
    |> Seq.map (fun path -> TheoryDataRow<string>(Path.GetFileNameWithoutExtension path))

[<Theory>]
[<MemberData(nameof goldenFiles)>]
let ``a file's canonical form is the one beside it`` (name: string) =
    let text = checkedForm (File.ReadAllText(Path.Combine(folder, name + ".frz")))
    let expected = Path.Combine(folder, name + ".out.frz")

    if Environment.GetEnvironmentVariable "UPDATE_CASES" = "1" then
        File.WriteAllText(expected, text)
    else
        Assert.Equal(File.ReadAllText expected, text)

let written () =
    [ [ "dsl-examples" ]; [ "src"; "Freeze.Language"; "Library" ] ]
    |> Seq.collect (fun folder -> Directory.GetFiles(under folder, "*.frz", SearchOption.AllDirectories))
    |> Seq.map (fun path -> TheoryDataRow<string>(Path.GetRelativePath(root, path)))

[<Theory>]
[<MemberData(nameof written)>]
let ``the examples and the library mean the same when formatted`` (path: string) =
    checkedForm (File.ReadAllText(Path.Combine(root, path))) |> ignore

// Single facts -----------------------------------------------------------------------------------------------

[<Theory>]
[<InlineData("a ((b))", "a b")>]
[<InlineData("a (b+c)*d", "a (b + c) * d")>]
[<InlineData("a b - (c - d)", "a b - (c - d)")>]
[<InlineData("a (b - c) - d", "a b - c - d")>]
[<InlineData("a -(b + c)", "a -(b + c)")>]
[<InlineData("a (b + c)^2", "a (b + c)^2")>]
[<InlineData("a (b ^ c) ^ d", "a (b^c)^d")>]
[<InlineData("a (-b) ^ 2", "a (-b)^2")>]
[<InlineData("a 10 ^ -2", "a 10^-2")>]
[<InlineData("a .4 5. .5x 4.% 1.e3 01", "a 0.4 5.0 0.5x 4.0% 1.0e3 01")>]
[<InlineData("a 1 .. 3", "a 1..3")>]
[<InlineData("a f( x 1 ,y )", "a f(x 1, y)")>]
[<InlineData("(a,b)=[(1,2),(3,4),]", "(a, b) = [(1, 2), (3, 4)]")>]
[<InlineData("((a), (b)) in (c): train", "(a, b) in c: train")>]
[<InlineData("a except (b except c) :fixed", "a except (b except c): fixed")>]
[<InlineData("(layer) in a: fixed", "(layer) in a: fixed")>]
[<InlineData("last 1 layers: train (lr) filters", "last layer: train (lr) filters")>]
[<InlineData("first 1 layers: zero", "first 1 layer: zero")>]
[<InlineData("case a{}", "case a { }")>]
[<InlineData("case a{;b 1;;c 2;}", "case a { b 1; c 2 }")>]
[<InlineData("net n{dense:{a};residual{b}shortcut from c{d}}",
             "net n { dense: { a }; residual { b } shortcut from c { d } }")>]
[<InlineData("net n { a: { b } }", "net n { a { b } }")>]
[<InlineData("ensemble 5 after 1 epochs{a b}", "ensemble 5 after 1 epoch { a b }")>]
[<InlineData("report{table  a,b  by c;plot d(log)}", "report { table a, b by c; plot d (log) }")>]
[<InlineData("lr~1e-4*10^normal(0,1)", "lr ~ 1e-4 * 10^normal(0, 1)")>]
let ``a line has one form`` (text: string) (expected: string) =
    Assert.Equal(expected + "\n", checkedForm text)

[<Theory>]
[<InlineData("")>]
[<InlineData("\n \n;\n")>]
let ``a file of nothing is an empty text`` (text: string) = Assert.Equal("", checkedForm text)

[<Fact>]
let ``what cannot be read is not formatted`` () =
    match Format.format (source "epochs 3\nconv1 fixd:\n") with
    | Ok text -> Assert.Fail text
    | Error diagnostics -> Assert.Equal<string list>([ "FRZ002" ], diagnostics |> List.map _.Code)

[<Fact>]
let ``a file behind others is formatted like any`` () =
    let text = "a 1 # one\nnet n { # two\n  b; c }\n"

    match Format.format { source text with Start = 1000 } with
    | Ok result -> Assert.Equal(formatted text, result)
    | Error diagnostics -> failwith $"%A{diagnostics}"

[<Fact>]
let ``a sum longer than the parser's longest keeps parentheses`` () =
    let row = String.replicate 100 " + 1"
    checkedForm $"let a = ((1{row}){row}){row}" |> ignore

[<Fact>]
let ``thousands of comments and statements are formatted in a moment`` () =
    checkedForm (String.replicate 5_000 "a [1, # why\n2]; b 3 # c\n") |> ignore

// Laws -------------------------------------------------------------------------------------------------------

let private law generator property =
    Check.One(Config.QuickThrowOnFailure.WithMaxTest cases, Prop.forAll (Arb.fromGen generator) property)

[<Fact>]
let ``a printed tree is read as the same tree`` () =
    law Generators.file (fun statements ->
        let text = Format.print statements

        if not (same statements (parsed text).Statements) then
            failwith $"%A{statements}\n--- was printed as\n{text}")

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

[<Fact>]
let ``formatting keeps meaning and comments, and once is enough`` () =
    let text =
        Gen.map2
            (fun statements (seed: int) -> Format.print statements |> disturbed (Random seed))
            Generators.file
            (Gen.choose (0, 1_000_000))

    law text (checkedForm >> ignore)
