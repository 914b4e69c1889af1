/// The commands and options declared in Arguments.fs: their help, and errors in a call.
module Freeze.Cli.CommandLine

open System
open System.Globalization
open System.IO
open Argu
open Microsoft.FSharp.Reflection
open Freeze.Cli.Arguments
open Freeze.Language

[<RequireQualifiedAccess>]
type Value =
    | Text
    | Whole
    | Number

/// An option, or the main argument of a command.
type Parameter =
    {
        /// The preferred name first; empty for a main argument.
        Names: string list
        /// The name of its value, such as FOLDER, and its kind; None if it takes no value.
        Value: (string * Value) option
        IsMany: bool
        IsMandatory: bool
        Help: string
    }

type Command =
    {
        Name: string
        Help: string
        Example: string
        Main: Parameter option
        Options: Parameter list
    }

[<RequireQualifiedAccess>]
type Call =
    /// A valid call, in the form that Argu reads.
    | Sound of arguments: string[]
    | Help of text: string
    | Wrong of reason: string

let private attribute<'Attribute> (case: UnionCaseInfo) : 'Attribute option =
    case.GetCustomAttributes typeof<'Attribute>
    |> Array.tryHead
    |> Option.map (fun found -> found :?> 'Attribute)

let private has<'Attribute> (case: UnionCaseInfo) = (attribute<'Attribute> case).IsSome

let private word (case: UnionCaseInfo) =
    case.Name.ToLowerInvariant().Replace('_', '-')

let private parameter (case: UnionCaseInfo) : Parameter =
    let isMain = has<MainCommandAttribute> case

    let usual =
        match attribute<CustomCommandLineAttribute> case with
        | Some custom -> custom.Name
        | None -> "--" + word case

    let other =
        match attribute<AltCommandLineAttribute> case with
        | Some other -> List.ofArray other.Names
        | None -> []

    let field = case.GetFields() |> Array.tryHead

    {
        Names = if isMain then [] else usual :: other
        Value =
            field
            |> Option.map (fun field ->
                field.Name.ToUpperInvariant(),
                if field.PropertyType = typeof<int> then Value.Whole
                elif field.PropertyType = typeof<float> then Value.Number
                else Value.Text)
        IsMany = field |> Option.exists (fun field -> field.PropertyType = typeof<string list>)
        IsMandatory = has<MandatoryAttribute> case
        Help = helpOfCase case
    }

let private optionsOf (case: UnionCaseInfo) : UnionCaseInfo list =
    let options = (Array.head (case.GetFields())).PropertyType.GenericTypeArguments
    FSharpType.GetUnionCases(Array.head options) |> List.ofArray

let private command (case: UnionCaseInfo) : Command =
    let parameters =
        optionsOf case
        |> List.filter (has<HiddenAttribute> >> not)
        |> List.map parameter

    {
        Name = word case
        Help = helpOfCase case
        Example =
            match attribute<ExampleAttribute> case with
            | Some example -> example.Text
            | None -> ""
        Main = parameters |> List.tryFind _.Names.IsEmpty
        Options = parameters |> List.filter (fun parameter -> not parameter.Names.IsEmpty)
    }

let private cases =
    lazy
        (FSharpType.GetUnionCases typeof<Arguments>
         |> Array.filter (fun case -> case.GetFields().Length > 0)
         |> List.ofArray)

let private tryFind (name: string) =
    cases.Value |> List.tryFind (fun case -> word case = name) |> Option.map command

/// Options that only the processes of this program use among themselves.
let private hiddenOf (name: string) : string list =
    cases.Value
    |> List.filter (fun case -> word case = name)
    |> List.collect (optionsOf >> List.filter has<HiddenAttribute>)
    |> List.collect (parameter >> _.Names)

/// Every command, in the order in which help lists them.
let commands () : Command list = cases.Value |> List.map command

// Help -------------------------------------------------------------------------------------------------------

/// Help is never wider than this, however wide the terminal is.
let private widest = 100

/// Words with their meanings, one per line.
let private listed (entries: (string * string) list) : string list =
    let width = min widest (Terminal.width () |> Option.defaultValue widest)
    let head = min 26 (entries |> List.map (fun (word, _) -> word.Length) |> List.max)

    [
        for word, meaning in entries do
            let lines = Terminal.fill (width - head - 4) meaning

            if word.Length > head then
                $"  {word}"
                yield! lines |> List.map (fun line -> String.replicate (head + 4) " " + line)
            else
                for n, line in List.indexed lines do
                    "  " + (if n = 0 then word else "").PadRight(head) + "  " + line
    ]

/// Turns "train every run" into "Train every run."
let private sentence (text: string) =
    string (Char.ToUpperInvariant text[0]) + text.Substring(1).TrimEnd('.') + "."

let private mainOf (parameter: Parameter) =
    let name, _ = parameter.Value.Value
    if parameter.IsMany then name + "…" else name

let private usage (command: Command) =
    let main =
        match command.Main with
        | Some main when main.IsMandatory -> " " + mainOf main
        | Some main -> $" [{mainOf main}]"
        | None -> ""

    let mandatory =
        command.Options
        |> List.filter _.IsMandatory
        |> List.map (fun option ->
            match option.Value with
            | Some(name, _) -> $" {option.Names.Head} {name}"
            | None -> " " + option.Names.Head)
        |> String.concat ""

    $"freeze {command.Name}{main}{mandatory} [OPTIONS]"

let private lines (parts: string list) = String.Join('\n', parts)

/// The output of `freeze help COMMAND`.
let helpOf (command: Command) : string =
    let option (parameter: Parameter) =
        let names = String.Join(", ", parameter.Names)

        match parameter.Value with
        | Some(value, _) -> $"{names} {value}", parameter.Help
        | None -> names, parameter.Help

    [
        sentence command.Help
        ""
        $"  {command.Example}"
        ""
        $"Usage: {usage command}"
        ""
        yield!
            listed
                [
                    match command.Main with
                    | Some main -> mainOf main, main.Help
                    | None -> ()
                    yield! command.Options |> List.map option
                    "-h, --help", "show this."
                ]
    ]
    |> lines

/// The output of `freeze help`.
let help () : string =
    [
        "Freeze runs experiments in which only part of a network trains, and proves that the rest never moved."
        ""
        "  freeze run dsl-examples/quickstart.frz"
        ""
        "Usage: freeze COMMAND [OPTIONS]"
        ""
        yield! commands () |> List.map (fun command -> command.Name, command.Help) |> listed
        ""
        "`freeze help COMMAND` or `freeze COMMAND --help` shows a command's options, `freeze --version` the version."
    ]
    |> List.collect (fun line ->
        if line.StartsWith ' ' then
            [ line ]
        else
            Terminal.fill (min widest (Terminal.width () |> Option.defaultValue widest)) line)
    |> lines

// Calls ------------------------------------------------------------------------------------------------------

let private isHelp (argument: string) = argument = "-h" || argument = "--help"

let private near (known: string seq) (word: string) (otherwise: string) =
    match Suggest.nearest known word with
    | Some near -> $"did you mean `{near}`?"
    | None -> otherwise

let private unknownCommand (asked: string) =
    let names = cases.Value |> List.map word

    if asked.EndsWith(".frz", StringComparison.Ordinal) || File.Exists asked then
        $"`{asked}` is a file, and a command comes first: `freeze run {asked}` trains its runs, `freeze check {asked}` \
says what is wrong with it; `freeze --help` lists the commands"
    else
        $"""no such command `{Tables.line asked}`; {near names asked "`freeze --help` lists them"}"""

let private isOf (value: Value) (text: string) =
    match value with
    | Value.Text -> true
    | Value.Whole -> fst (Int32.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture))
    | Value.Number -> fst (Double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture))

/// The commands that accept `-`: each reads a file once, in its own process.
let private readsInput = [ "check"; "fmt"; "plan"; "run" ]

/// The arguments of a command in the form that Argu reads, or the error.
let private check
    (command: Command)
    (hidden: string list)
    (arguments: string list)
    : Result<string list, string> =
    let wrong (reason: string) =
        let end' = if reason.EndsWith '?' then "" else ";"
        Error $"freeze {command.Name}: {reason}{end'} `freeze {command.Name} --help` shows how it is called"

    let optionOf (name: string) =
        command.Options |> List.tryFind (fun option -> List.contains name option.Names)

    let rec go (read: string list) (mains: int) (seen: string list) (arguments: string list) =
        match arguments with
        | [] ->
            let missing =
                command.Options
                |> List.tryFind (fun option ->
                    option.IsMandatory && not (List.contains option.Names.Head seen))

            match command.Main, missing with
            | Some main, _ when main.IsMandatory && mains = 0 -> wrong $"{mainOf main} is missing"
            | _, Some option -> wrong $"{option.Names.Head} is missing"
            | _ -> Ok(List.rev read)
        | name :: rest when List.contains name hidden -> go (name :: read) mains seen rest
        | argument :: rest when argument.StartsWith '-' && argument <> "-" ->
            let name, value =
                match argument.IndexOf '=' with
                | at when at > 0 -> argument.Substring(0, at), Some(argument.Substring(at + 1))
                | _ -> argument, None

            match optionOf name, value, rest with
            | None, _, _ ->
                let known = command.Options |> List.collect _.Names
                let list = "options are " + Suggest.list "and" 20 known
                wrong $"""there is no option `{Tables.line name}`; {near known name list}"""
            | Some { Value = None }, Some _, _ -> wrong $"`{name}` takes no value"
            | Some { Value = None }, None, _ -> go (name :: read) mains (name :: seen) rest
            | Some { Value = Some(what, _) }, None, [] -> wrong $"`{name}` needs a value: {name} {what}"
            | Some { Value = Some(what, _) }, None, next :: _ when (optionOf next).IsSome ->
                wrong $"`{name}` needs a value: {name} {what}"
            | Some { Value = Some(_, kind) }, _, _ ->
                let value, rest =
                    match value with
                    | Some value -> value, rest
                    | None -> rest.Head, rest.Tail

                if isOf kind value then
                    go (value :: name :: read) mains (name :: seen) rest
                else
                    let number = if kind.IsWhole then "a whole number" else "a number"
                    wrong $"`{name} {Tables.line value}`: expected {number}"
        | argument :: rest ->
            match command.Main with
            | None -> wrong $"there is nothing to do with `{Tables.line argument}`"
            | Some main when not main.IsMany && mains > 0 ->
                wrong $"one {mainOf main} is enough, and `{Tables.line argument}` is another"
            | Some _ when argument = "-" && not (List.contains command.Name readsInput) ->
                wrong
                    $"""`-` is standard input, which only {Suggest.list "and" 4 readsInput} read: write the text to a file, and name that"""
            | Some _ when argument = "-" && List.contains "-" read ->
                wrong "`-` is standard input, which is read once"
            | Some _ -> go (argument :: read) (mains + 1) seen rest

    go [] 0 [] arguments

/// Reads a command line.
let read (arguments: string list) : Call =
    match arguments with
    | []
    | [ "" ] -> Call.Wrong(help ())
    | [ "help" ]
    | "help" :: "help" :: _ -> Call.Help(help ())
    | "help" :: name :: _ ->
        match tryFind name with
        | Some command -> Call.Help(helpOf command)
        | None -> Call.Wrong(unknownCommand name)
    | first :: _ when isHelp first -> Call.Help(help ())
    | [ "--version" ] -> Call.Sound [| "--version" |]
    | first :: _ when first.StartsWith '-' ->
        Call.Wrong
            $"""there is no option `{Tables.line first}`; {near [ "--version"; "--help" ] first "a command comes first: `freeze --help` lists them"}"""
    | name :: rest ->
        match tryFind name with
        | None -> Call.Wrong(unknownCommand name)
        | Some command when List.exists isHelp rest -> Call.Help(helpOf command)
        | Some command ->
            match check command (hiddenOf name) rest with
            | Ok rest -> Call.Sound(Array.ofList (name :: rest))
            | Error reason -> Call.Wrong reason
