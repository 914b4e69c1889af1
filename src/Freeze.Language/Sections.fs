/// Statements sorted by what they are: what stands outside the cases, the cases, nets, profiles and the report.
module Freeze.Language.Sections

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Settings
open Freeze.Language.Rules

type Let = { Name: Name; Content: Expression }

/// `(net, epochs) = […]`
type Together = { Names: Name list; Items: Expression }

type Expected =
    {
        Measure: Name list
        Published: Published
        From: string
    }

/// `ensemble 5 after 1 epoch { … }`; its rules are among the section's.
type Ensemble =
    {
        Place: Span
        Members: Expression
        After: Expression
    }

/// What stands outside the cases, inside one, or in a profile.
type Section =
    {
        Settings: Map<string, Written>
        /// What stages say of themselves, by a stage's number and the setting's name.
        Stages: Map<int * string, Written>
        Lets: Let list
        Draws: Let list
        Togethers: Together list
        Rules: Rule list
        Expected: Expected list
        Ensemble: Ensemble option
    }

    member this.LetMap =
        this.Lets |> List.map (fun l -> l.Name.Value, l.Content) |> Map.ofList

    /// What a stage says of the optimizer.
    member this.OptimizerOf stage =
        this.Stages
        |> Map.toSeq
        |> Seq.filter (fun ((number, name), _) -> number = stage && TrainingSettings.isStandAlone name)
        |> Seq.map (fun ((_, name), written) -> name, written)
        |> Map.ofSeq

let emptySection =
    {
        Settings = Map.empty
        Stages = Map.empty
        Lets = []
        Draws = []
        Togethers = []
        Rules = []
        Expected = []
        Ensemble = None
    }

/// A file with what it imports, in the order of the text.
type Contents =
    {
        Outside: Section
        Cases: (Name * Section) list
        Profiles: (Name * Section) list
        Nets: Map<string, Definition>
        Report: Located<ReportLine option> list
    }

let private nothing =
    {
        Outside = emptySection
        Cases = []
        Profiles = []
        Nets = Map.empty
        Report = []
    }

let private knownSettings = Vocabulary.names Settings.entries

/// Written under a key: a setting, or one of a stage.
let private addWritten report key (name: Name) phrase (known: Map<'Key, Written>) =
    match Map.tryFind key known with
    | Some earlier ->
        report (Diagnostic.setTwice name.Span name.Value earlier.Name.Span)
        known
    | None -> Map.add key { Name = name; Phrase = phrase } known

let private addSetting report (section: Section) (name: Name) phrase =
    if Settings.isSetting name.Value then
        { section with
            Settings = addWritten report name.Value name phrase section.Settings
        }
    else
        report (Diagnostic.unknownSetting name.Span name.Value knownSettings)
        section

let private addStage report (section: Section) (number: Expression) (body: Statement list) =
    let known =
        TrainingSettings.standAlone
        |> List.map (fun setting -> $"`{setting.Entry.Name}`")
        |> fun parameters -> Suggest.list "and" 12 ("`learn`" :: parameters)

    let addOfStage stage (name: Name) phrase (section: Section) =
        { section with
            Stages = addWritten report (stage, name.Value) name phrase section.Stages
        }

    let say stage (section: Section) (statement: Statement) =
        match statement.Value with
        | StatementItem.Learn(name, phrase) -> addOfStage stage name phrase section
        | StatementItem.Setting(name, phrase) when TrainingSettings.isStandAlone name.Value ->
            addOfStage stage name phrase section
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

/// A let of such a name would change what others mean by it.
let private meanings =
    [
        yield! DataSets.all |> Seq.map _.Name
        yield! NetLibrary.names ()
        yield!
            [
                Optimizers.entries
                Schemes.kind.Entries
                Vocabulary.draws
                Vocabulary.layers
            ]
            |> List.collect Vocabulary.names
        yield! Vocabulary.functions |> List.map fst
        yield! knownSettings
        yield! Vocabulary.names Phrases.sizes
    ]
    |> Set.ofList

/// A let or a draw, behind others of its kind.
let private addNamed report what (name: Name) value (known: Let list) : Let list =
    match known |> List.tryFind (fun l -> l.Name.Value = name.Value) with
    | Some earlier ->
        report (Diagnostic.definedTwice name.Span what name.Value earlier.Name.Span)
        known
    | None -> known @ [ { Name = name; Content = value } ]

let private addLet report (section: Section) (name: Name) value =
    if meanings.Contains name.Value then
        report (Diagnostic.letOfMeaning name.Span name.Value)

    { section with
        Lets = addNamed report "a let" name value section.Lets
    }

/// A setting where the name is one of a setting, else a let.
let define report (section: Section) (name: Name) (value: Expression) =
    if Settings.isSetting name.Value then
        addSetting report section name [ value ]
    else
        addLet report section name value

let private addTogether report (section: Section) (names: Name list) (items: Expression) =
    let part (section, index) (name: Name) =
        define report section name (at items.Span (Term.Part(index, items))), index + 1

    let fits (item: Expression) =
        match item.Value with
        | Term.Tuple values -> values.Length = names.Length
        | _ -> false

    match items.Value with
    | Term.List several ->
        several
        |> List.filter (fits >> not)
        |> List.iter (fun item ->
            report (
                Diagnostic.wrongValue item.Span $"%d{names.Length} values in brackets, one for each name"
            ))
    | _ -> report (Diagnostic.wrongValue items.Span "a list of values in brackets")

    let section, _ = names |> List.fold part (section, 0)

    { section with
        Togethers = section.Togethers @ [ { Names = names; Items = items } ]
    }

/// Where a statement stands, and what may stand there.
[<RequireQualifiedAccess>]
type private At =
    | Outside
    | Case
    | Ensemble
    | Profile

let private place at =
    match at with
    | At.Outside -> "here"
    | At.Case -> "inside a case"
    | At.Ensemble -> "inside an ensemble"
    | At.Profile -> "inside a profile, which holds settings and lets"

let private addToSection report at (section: Section) (statement: Statement) : Section =
    let misplaced what =
        report (Diagnostic.misplaced statement.Span what (place at))
        section

    match statement.Value with
    | StatementItem.Setting _ when at = At.Ensemble -> misplaced "a setting"
    | StatementItem.Setting({ Value = "limit" }, _) when at <> At.Outside -> misplaced "a limit"
    | StatementItem.Setting(name, phrase) -> addSetting report section name phrase
    | StatementItem.Let(name, value) -> addLet report section name value
    | StatementItem.Together(names, _) when
        at = At.Ensemble
        && names |> List.exists (fun name -> Settings.isSetting name.Value)
        ->
        misplaced "a setting"
    | StatementItem.Draw _ when at = At.Ensemble -> misplaced "a draw"
    // One name alone is a plain list.
    | StatementItem.Together([ only ], items) -> define report section only items
    | StatementItem.Together(names, items) -> addTogether report section names items
    | StatementItem.Draw(name, value) ->
        { section with
            Draws = addNamed report "a draw" name value section.Draws
        }
    | StatementItem.Rule _ when at = At.Profile -> misplaced "a rule"
    | StatementItem.Rule(selector, action) ->
        let rule =
            {
                Span = statement.Span
                Selector = selector
                Action = action
                OfMembers = (at = At.Ensemble)
            }

        let isTwin (earlier: Rule) =
            isRest earlier && isRest rule && earlier.OfMembers = rule.OfMembers

        match List.tryFind isTwin section.Rules with
        | Some first ->
            report (Diagnostic.setTwice statement.Span "rest" first.Span)
            section
        | None ->
            { section with
                Rules = section.Rules @ [ rule ]
            }
    | StatementItem.Expect _ when at = At.Profile -> misplaced "an expected value"
    | StatementItem.Expect(measure, values, source) ->
        let from = source |> Option.map _.Value |> Option.defaultValue ""

        let expected =
            values
            |> List.map (fun published ->
                {
                    Measure = measure
                    Published = published
                    From = from
                })

        { section with
            Expected = section.Expected @ expected
        }
    | StatementItem.Case(name, _) ->
        report (Diagnostic.nestedCase name.Span)
        section
    | StatementItem.Net definition ->
        report (Diagnostic.nestedNet definition.Name.Span)
        section
    | StatementItem.Import _ -> misplaced "an import"
    | StatementItem.Stage _ when at = At.Ensemble -> misplaced "a stage"
    | StatementItem.Stage(number, body) -> addStage report section number body
    | StatementItem.Learn _ -> misplaced "what a stage learns"
    | StatementItem.Ensemble _ -> misplaced "an ensemble"
    | StatementItem.Profile _ -> misplaced "a profile"
    | StatementItem.Report _ -> misplaced "a report"
    | StatementItem.Broken -> section

let private unique report what (name: Name) (known: Name list) =
    match known |> List.tryFind (fun earlier -> earlier.Value = name.Value) with
    | Some earlier -> report (Diagnostic.definedTwice name.Span what name.Value earlier.Span)
    | None -> ()

let private addCase report at (contents: Contents) (name: Name) body =
    unique report "a case" name (contents.Cases |> List.map fst)
    let section = body |> List.fold (addToSection report at) emptySection

    { contents with
        Cases = contents.Cases @ [ name, section ]
    }

let private addEnsemble report contents span members after body =
    let inside (contents: Contents) (statement: Statement) =
        match statement.Value with
        | StatementItem.Case(name, body) -> addCase report At.Ensemble contents name body
        | _ ->
            { contents with
                Outside = addToSection report At.Ensemble contents.Outside statement
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

/// What of a section is still in force where another lies above it: a name that the upper one gives a meaning, by a setting,
/// a let or a draw, has that one alone.
let inForce (below: Section) (above: Section) : Section =
    let given =
        [
            yield! Map.keys above.Settings
            yield! above.Lets @ above.Draws |> Seq.map _.Name.Value
        ]
        |> Set.ofList

    let free (lets: Let list) =
        lets |> List.filter (fun l -> not (given.Contains l.Name.Value))

    { below with
        Settings = below.Settings |> Map.filter (fun name _ -> not (given.Contains name))
        Stages = below.Stages |> Map.filter (fun stage _ -> not (above.Stages.ContainsKey stage))
        Lets = free below.Lets
        Draws = free below.Draws
        Ensemble = if above.Ensemble.IsSome then None else below.Ensemble
    }

/// One section above another. Rules are those below, then those above.
let over (below: Section) (above: Section) : Section =
    let below = inForce below above

    {
        Settings = Map.fold (fun all name setting -> Map.add name setting all) below.Settings above.Settings
        Stages = Map.fold (fun all stage written -> Map.add stage written all) below.Stages above.Stages
        Lets = below.Lets @ above.Lets
        Draws = below.Draws @ above.Draws
        Togethers = below.Togethers @ above.Togethers
        Rules = below.Rules @ above.Rules
        Expected = below.Expected @ above.Expected
        Ensemble = above.Ensemble |> Option.orElse below.Ensemble
    }

/// What is given beside a file and laid over it as a profile is: settings, and lets that it has.
let beside report (contents: Contents) (statements: Statement list) : Section =
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
            define report section name value
        | StatementItem.Setting(name, _) when not (Settings.isSetting name.Value) ->
            report (Diagnostic.unknownSetting name.Span name.Value (knownSettings @ List.distinct lets))
            section
        | _ -> addToSection report At.Profile section statement

    statements |> List.fold add emptySection

/// What an import brings, with what stands around it: what the importing file defines wins.
let private import report (before: Contents) (brought: Contents) : Contents =
    let isNew (known: (Name * Section) list) (name: Name, _) =
        known |> List.forall (fun (k, _) -> k.Value <> name.Value)

    for name, _ in before.Cases do
        unique report "a case" name (brought.Cases |> List.map fst)

    /// A profile of both is one: the importing file's lies over what it imports.
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
        Nets = Map.fold (fun all name net -> Map.add name net all) brought.Nets before.Nets
        Report = brought.Report @ before.Report
    }

/// The contents of a file and of what it imports.
let rec gather (report: Diagnostic -> unit) (file: Imports.File) : Contents =
    let add (contents: Contents) (statement: Statement) =
        match statement.Value with
        | StatementItem.Case(name, body) -> addCase report At.Case contents name body
        | StatementItem.Profile(name, body) ->
            unique report "a profile" name (contents.Profiles |> List.map fst)
            let section = body |> List.fold (addToSection report At.Profile) emptySection

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
                Outside = addToSection report At.Outside contents.Outside statement
            }

    let own = file.Parsed.Statements |> List.fold add nothing

    // The last import lies nearest below the file itself.
    file.Imports
    |> Map.toList
    |> List.rev
    |> List.fold (fun all (_, inner) -> import report all (gather report inner)) own
