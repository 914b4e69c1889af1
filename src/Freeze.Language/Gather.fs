/// Sorts a file's statements into its sections, by kind and by surrounding block.
[<RequireQualifiedAccess>]
module Freeze.Language.Gather

open Freeze.Language.Syntax
open Freeze.Language.Rules
open Freeze.Language.Sections

let private addStage report (section: Section) (number: Expression) (body: Statement list) =
    let known =
        Optimizers.standAlone
        |> List.map (fun setting -> $"`{setting.Entry.Name}`")
        |> fun parameters -> Suggest.list "and" 12 ("`learn`" :: "`optimizer`" :: parameters)

    let addOfStage stage (name: Name) phrase (section: Section) =
        match Map.tryFind (stage, name.Value) section.StageDraws with
        | Some drawn ->
            report (Diagnostic.setTwice name.Span name.Value drawn.Name.Span)
            section
        | None ->
            { section with
                Stages = Definitions.addWritten report (stage, name.Value) name phrase section.Stages
            }

    let addDraw stage (name: Name) value (section: Section) =
        let key = stage, name.Value

        let earlier =
            Map.tryFind key section.Stages
            |> Option.map _.Name
            |> Option.orElse (Map.tryFind key section.StageDraws |> Option.map _.Name)

        match earlier with
        | Some earlier ->
            report (Diagnostic.setTwice name.Span name.Value earlier.Span)
            section
        | None ->
            { section with
                StageDraws = Map.add key { Name = name; Content = value } section.StageDraws
            }

    let say stage (section: Section) (statement: Statement) =
        match statement.Value with
        | StatementItem.Learn(name, phrase) -> addOfStage stage name phrase section
        | StatementItem.Setting(name, phrase) when Optimizers.isOfStage name.Value ->
            addOfStage stage name phrase section
        | StatementItem.Draw(name, value) when Optimizers.isStandAlone name.Value ->
            addDraw stage name value section
        | StatementItem.Broken -> section
        | _ ->
            report (Diagnostic.misplaced statement.Span "this" $"inside a stage, which holds {known}")
            section

    match number.Value with
    | Term.Number(stage, NumberForm.Whole) when stage >= 1m && stage <= 10_000m ->
        body |> List.fold (say (int stage)) section
    | _ ->
        report (Diagnostic.wrongValue number.Span "the number of a stage, from 1")
        section

/// Where a statement stands.
[<RequireQualifiedAccess>]
type private Where =
    | Outside
    | Case
    | Ensemble
    | Profile

let private place where =
    match where with
    | Where.Outside -> "here"
    | Where.Case -> "inside a case"
    | Where.Ensemble -> "inside an ensemble"
    | Where.Profile -> "inside a profile, which holds settings and lets"

/// What a statement is called if it is misplaced.
let private misplaced where (item: StatementItem) : string option =
    match item, where with
    | StatementItem.Setting _, Where.Ensemble -> Some "a setting"
    | StatementItem.Setting({ Value = "limit" }, _), (Where.Case | Where.Profile) -> Some "a limit"
    | StatementItem.Together(names, _), Where.Ensemble when
        names |> List.exists (fun name -> Settings.isSetting name.Value)
        ->
        Some "a setting"
    | StatementItem.Draw _, Where.Ensemble -> Some "a draw"
    | StatementItem.Stage _, Where.Ensemble -> Some "a stage"
    | StatementItem.Rule _, Where.Profile -> Some "a rule"
    | (StatementItem.Expect _ | StatementItem.ExpectTable _), Where.Profile -> Some "an expected value"
    | StatementItem.Import _, _ -> Some "an import"
    | StatementItem.Learn _, _ -> Some "what a stage learns"
    | StatementItem.Ensemble _, _ -> Some "an ensemble"
    | StatementItem.Profile _, _ -> Some "a profile"
    | StatementItem.Report _, _ -> Some "a report"
    | _ -> None

let private addRule report (section: Section) (rule: Rule) =
    let isTwin (earlier: Rule) =
        isRest earlier && isRest rule && earlier.OfMembers = rule.OfMembers

    match List.tryFind isTwin section.Rules with
    | Some first ->
        report (Diagnostic.setTwice rule.Span "rest" first.Span)
        section
    | None ->
        { section with
            Rules = section.Rules @ [ rule ]
        }

let private addExpected (section: Section) measure (source: Located<string> option) (values: Published list) =
    let expected =
        values
        |> List.map (fun published ->
            {
                Measure = measure
                Published = published
                From = source |> Option.map _.Value |> Option.defaultValue ""
            })

    { section with
        Expected = section.Expected @ expected
    }

let private addStatement report where (section: Section) (statement: Statement) : Section =
    let refuse diagnostic =
        report diagnostic
        section

    match misplaced where statement.Value, statement.Value with
    | Some what, _ -> refuse (Diagnostic.misplaced statement.Span what (place where))
    | None, StatementItem.Setting(name, phrase) -> Definitions.addSetting report section name phrase
    | None, StatementItem.Let(name, value) -> Definitions.addLet report section name value
    // A single name takes a plain list.
    | None, StatementItem.Together([ only ], items) -> Definitions.define report section only items
    | None, StatementItem.Together(names, items) -> Definitions.addTogether report section names items
    | None, StatementItem.Draw(name, value) ->
        { section with
            Draws = Definitions.addNamed report "a draw" name value section.Draws
        }
    | None, StatementItem.Rule(selector, action) ->
        addRule
            report
            section
            {
                Span = statement.Span
                Selector = selector
                Action = action
                OfMembers = (where = Where.Ensemble)
            }
    | None, StatementItem.Expect(measure, values, source) -> addExpected section measure source values
    | None, StatementItem.ExpectTable(measure, source, lines) ->
        PublishedTables.values report statement.Span lines
        |> addExpected section measure source
    | None, StatementItem.Case(name, _) -> refuse (Diagnostic.nestedCase name.Span)
    | None, StatementItem.Net definition -> refuse (Diagnostic.nestedNet definition.Name.Span)
    | None, StatementItem.Stage(number, body) -> addStage report section number body
    | None, _ -> section

let private unique report what (name: Name) (known: Name list) =
    match known |> List.tryFind (fun earlier -> earlier.Value = name.Value) with
    | Some earlier -> report (Diagnostic.definedTwice name.Span what name.Value earlier.Span)
    | None -> ()

let private addCase report where (contents: Contents) (name: Name) body =
    unique report "a case" name (contents.Cases |> List.map fst)
    let section = body |> List.fold (addStatement report where) emptySection

    { contents with
        Cases = contents.Cases @ [ name, section ]
    }

let private addEnsemble report contents span members after body =
    let inside (contents: Contents) (statement: Statement) =
        match statement.Value with
        | StatementItem.Case(name, body) -> addCase report Where.Ensemble contents name body
        | _ ->
            { contents with
                Outside = addStatement report Where.Ensemble contents.Outside statement
            }

    match contents.Outside.Ensemble with
    | Some earlier ->
        report (Diagnostic.setTwice span "ensemble" earlier.Place)
        contents
    | None ->
        let ensemble =
            {
                Place = span
                Members = members
                After = after
            }

        body
        |> List.fold
            inside
            { contents with
                Outside =
                    { contents.Outside with
                        Ensemble = Some ensemble
                    }
            }

/// What overrides a file, applied like a profile: settings, and lets that the file has.
let overrides report (contents: Contents) (statements: Statement list) : Section =
    let lets =
        [
            contents.Outside
            yield! List.map snd contents.Cases
            yield! List.map snd contents.Profiles
        ]
        |> List.collect (fun section -> section.Lets @ section.Draws)
        |> List.map _.Name.Value

    let add (section: Section) (statement: Statement) =
        match statement.Value with
        | StatementItem.Setting(name, [ value ]) when List.contains name.Value lets ->
            Definitions.define report section name value
        | StatementItem.Setting(name, _) when not (Settings.isSetting name.Value) ->
            report (
                Diagnostic.unknownSetting
                    name.Span
                    name.Value
                    (Definitions.knownSettings @ List.distinct lets)
            )

            section
        | _ -> addStatement report Where.Profile section statement

    statements |> List.fold add emptySection

/// Merges an import into what is around it: definitions of the importing file win.
let private import report (before: Contents) (brought: Contents) : Contents =
    let isNew (known: (Name * Section) list) (name: Name, _) =
        known |> List.forall (fun (k, _) -> k.Value <> name.Value)

    for name, _ in before.Cases do
        unique report "a case" name (brought.Cases |> List.map fst)

    /// A profile that both files have becomes one: the importing file's overrides the imported one.
    let overBrought (name: Name, section) =
        match brought.Profiles |> List.tryFind (fun (k, _) -> k.Value = name.Value) with
        | Some(_, below) -> name, over below section
        | None -> name, section

    {
        Outside = over brought.Outside before.Outside
        Cases = brought.Cases @ before.Cases
        Profiles =
            (brought.Profiles |> List.filter (isNew before.Profiles))
            @ (before.Profiles |> List.map overBrought)
        Nets = Map.over brought.Nets before.Nets
        Report = brought.Report @ before.Report
    }

/// The contents of a file and of what it imports.
let rec contents (report: Diagnostic -> unit) (file: Imports.File) : Contents =
    let add (contents: Contents) (statement: Statement) =
        match statement.Value with
        | StatementItem.Case(name, body) -> addCase report Where.Case contents name body
        | StatementItem.Profile(name, body) ->
            unique report "a profile" name (contents.Profiles |> List.map fst)
            let section = body |> List.fold (addStatement report Where.Profile) emptySection

            { contents with
                Profiles = contents.Profiles @ [ name, section ]
            }
        | StatementItem.Net definition ->
            let name = definition.Name
            unique report "a net" name (contents.Nets |> Map.values |> Seq.map _.Name |> List.ofSeq)

            { contents with
                Nets = Map.add name.Value definition contents.Nets
            }
        | StatementItem.Ensemble(members, after, body) ->
            addEnsemble report contents statement.Span members after body
        | StatementItem.Report lines ->
            { contents with
                Report = contents.Report @ lines
            }
        | StatementItem.Import _ -> contents
        | _ ->
            { contents with
                Outside = addStatement report Where.Outside contents.Outside statement
            }

    let own = file.Parsed.Statements |> List.fold add nothing

    // The last import is directly below the file itself.
    file.Imports
    |> Map.toList
    |> List.rev
    |> List.fold (fun all (_, inner) -> import report all (contents report inner)) own
