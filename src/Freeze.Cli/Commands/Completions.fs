/// freeze completions: scripts for shell completion of this command, generated from the declared arguments.
module Freeze.Cli.Commands.Completions

open Argu
open Freeze
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Language

/// A command: its help, its options with their help, and the words that it takes; "" among them stands for files.
type private Command =
    {
        Name: string
        Help: string
        Options: (string * string) list
        /// For options that take one of several words: the option and the words.
        Values: (string * string list) list
        Words: string list
    }

let private files = ""
let private shells = [ "bash"; "zsh"; "fish" ]

let private words (command: string) : string list =
    match command with
    | "nets" -> NetLibrary.names ()
    | "data" -> DataSets.all |> Array.map _.Name |> List.ofArray
    | "explain" -> Explanations.all () |> List.map fst
    | "completions" -> shells
    | "doctor"
    | "lsp" -> []
    | _ -> [ files ]

let private values =
    let passes = [ "--without", PassChoice.names () ]

    function
    | "run"
    | "submit" -> passes
    | _ -> []

let private commands () : Command list =
    let own =
        CommandLine.commands ()
        |> List.map (fun command ->
            {
                Name = command.Name
                Help = command.Help
                Options = command.Options |> List.map (fun option -> option.Names.Head, option.Help)
                Values = values command.Name
                Words = words command.Name
            })

    let help =
        {
            Name = "help"
            Help = "show what a command takes."
            Options = []
            Values = []
            Words = own |> List.map _.Name
        }

    own @ [ help ]

let private joined (items: string seq) = String.concat " " items

let private bash (commands: Command list) =
    let branch command =
        let words = command.Words |> List.filter ((<>) files) |> joined
        let options = command.Options |> List.map fst |> joined

        let files' =
            if List.contains files command.Words then
                "COMPREPLY+=($(compgen -f -- \"$word\"))"
            else
                ":"

        [
            $"    {command.Name})"
            for option, values in command.Values do
                $"        if [[ ${{COMP_WORDS[COMP_CWORD - 1]}} == {option} ]]; then"
                $"            COMPREPLY=($(compgen -W \"{joined values}\" -- \"$word\"))"
                "            return"
                "        fi"
            $"        COMPREPLY=($(compgen -W \"{words} {options} --help\" -- \"$word\"))"
            $"        {files'} ;;"
        ]

    [
        "# Completion of freeze in bash: source <(freeze completions bash)"
        "_freeze() {"
        "    local word=${COMP_WORDS[COMP_CWORD]}"
        "    if ((COMP_CWORD == 1)); then"
        $"        COMPREPLY=($(compgen -W \"{commands |> List.map _.Name |> joined} --version --help\" -- \"$word\"))"
        "        return"
        "    fi"
        "    case ${COMP_WORDS[1]} in"
        yield! List.collect branch commands
        "    esac"
        "}"
        "complete -o filenames -F _freeze freeze"
    ]

/// Help without quotes and characters that are special in zsh.
let private plain (text: string) =
    text.Replace("'", "").Replace("[", "(").Replace("]", ")").Replace(":", " -")

let private zsh (commands: Command list) =
    let branch command =
        let options =
            command.Options
            |> List.map (fun (name, help) ->
                match List.tryFind (fst >> (=) name) command.Values with
                | Some(_, values) -> $"'*{name}[{plain help}]:word:({joined values})'"
                | None -> $"'{name}[{plain help}]'")
            |> joined

        let words = command.Words |> List.filter ((<>) files)

        let rest =
            if List.contains files command.Words then "'*:file:_files'"
            elif words.IsEmpty then ""
            else $"'*:word:({joined words})'"

        $"    {command.Name}) _arguments {options} {rest} ;;"

    [
        "#compdef freeze"
        "# Completion of freeze in zsh: freeze completions zsh > a folder of $fpath, as _freeze"
        "_freeze() {"
        "    if ((CURRENT == 2)); then"
        "        local -a commands=("
        for command in commands do
            $"            '{command.Name}:{plain command.Help}'"
        "        )"
        "        _describe command commands"
        "        return"
        "    fi"
        "    local command=${words[2]}"
        "    shift words"
        "    ((CURRENT--))"
        "    case $command in"
        yield! List.map branch commands
        "    esac"
        "}"
        // Found in $fpath, the file itself is the function; if sourced, the function must be registered.
        "if [[ $funcstack[1] == _freeze ]]; then _freeze \"$@\"; else compdef _freeze freeze; fi"
    ]

let private fish (commands: Command list) =
    let line condition rest =
        $"complete -c freeze -n '{condition}' {rest}"

    let ofCommand command =
        let here = $"__fish_seen_subcommand_from {command.Name}"

        [
            line "__fish_use_subcommand" $"-f -a {command.Name} -d '{plain command.Help}'"
            for name, help in command.Options do
                let values =
                    match List.tryFind (fst >> (=) name) command.Values with
                    | Some(_, values) -> $" -x -a '{joined values}'"
                    | None -> ""

                line here $"-l {name.TrimStart '-'}{values} -d '{plain help}'"
            if not (List.contains files command.Words) then
                let words = command.Words |> joined
                line here $"-f -a '{words}'"
        ]

    [
        "# Completion of freeze in fish: freeze completions fish > ~/.config/fish/completions/freeze.fish"
        yield! List.collect ofCommand commands
    ]

let run (arguments: ParseResults<CompletionsArguments>) : int =
    let print (script: Command list -> string list) =
        commands () |> script |> List.iter (printfn "%s")
        Exit.fine

    match arguments.GetResult CompletionsArguments.Shell with
    | "bash" -> print bash
    | "zsh" -> print zsh
    | "fish" -> print fish
    | other ->
        Exit.refuseUnknown
            $"no completions for the shell {other}"
            shells
            other
            ("there are " + Suggest.list "and" 3 shells)
