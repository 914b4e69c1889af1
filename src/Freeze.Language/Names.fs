/// The names in a file and its imports: where each is defined and used.
[<RequireQualifiedAccess>]
module Freeze.Language.Names

open System.Collections.Generic
open Freeze.Language.Syntax

[<RequireQualifiedAccess>]
type NameKind =
    | Let
    | Net
    | Case
    | Profile
    | Block
    /// A parameter or a let of a net or a block, the counter of a repeat, or a layer's position in a rule for `each layer`.
    | Local

/// A name at one place. Two occurrences mean the same thing if name, kind and home agree.
type Occurrence =
    {
        Name: string
        Kind: NameKind
        /// Start of the case, net or block to which the name is local; -1 if it is known in the whole file.
        Home: int
        Span: Span
        IsDefinition: bool
    }

/// The meaning of names at a place in a net: kind and home of each.
type private Locals = Map<string, NameKind * int>

let private everywhere = -1

/// A net's name if `wrn-28-10` is short for `wrn(28, 10)`.
let private netOf (nets: Set<string>) (word: string) =
    NetLibrary.readings word |> List.map fst |> List.tryFind nets.Contains

/// `stride`, `pad` and so on: after a layer they are not names, unless the net has such a parameter.
let private layerWords =
    [
        for layer in Vocabulary.layerTable do
            layer.Entry.Name

            for option, _ in layer.Options do
                yield! option.Split ' '
    ]
    |> Set.ofList

/// Collects occurrences statement by statement. `nets` and `cases` are the names defined in any of the files.
type private Collector(nets: Set<string>, cases: Set<string>) =
    let found = ResizeArray<Occurrence>()

    let add kind home isDefinition (name: string) (span: Span) =
        found.Add
            {
                Name = name
                Kind = kind
                Home = home
                Span = Span.Between(span.Start, span.Start + name.Length)
                IsDefinition = isDefinition
            }

    member _.Found = List.ofSeq found

    member _.Define(kind, home, name: Name) = add kind home true name.Value name.Span

    /// A word that is a local name, or else may be a let or a net.
    member _.Use(locals: Locals, home, word: string, span: Span) =
        match Map.tryFind word locals with
        | Some(kind, home) -> add kind home false word span
        | None ->
            add NameKind.Let home false word span

            netOf nets word
            |> Option.iter (fun net -> add NameKind.Net everywhere false net span)

    member this.Expression (locals: Locals) home (expression: Expression) : unit =
        for inner in Walk.expressions expression do
            match inner.Value with
            | Term.Word word -> this.Use(locals, home, word, inner.Span)
            | Term.Call(callee, _) -> this.Use(locals, home, callee.Value, callee.Span)
            | _ -> ()

    /// The parameters and parts of a net or a block, where these are known.
    member this.Defined(locals: Locals, home, definition: Definition) : unit =
        definition.Parameters
        |> List.choose _.Default
        |> List.iter (this.Expression locals everywhere)

        let inside =
            definition.Parameters
            |> List.fold
                (fun locals parameter ->
                    this.Define(NameKind.Local, home, parameter.Name)
                    Map.add parameter.Name.Value (NameKind.Local, home) locals)
                locals

        this.Body inside home definition.Body

    /// The parts of a net, each with the names defined before it.
    member this.Body (locals: Locals) home (body: NetPart list) : unit =
        let isOption (locals: Locals) (expression: Expression) =
            match expression.Value with
            | Term.Word word -> layerWords.Contains word && not (locals.ContainsKey word)
            | _ -> false

        let define kind home (locals: Locals) (name: Name) =
            this.Define(kind, home, name)
            Map.add name.Value (kind, home) locals

        let part (locals: Locals) (part: NetPart) : Locals =
            let own = part.Span.Start

            let expressions =
                match part.Value with
                | NetItem.Layer(_, phrase) -> phrase |> List.filter (isOption locals >> not)
                // The parameters' defaults are handled with the parameters.
                | NetItem.Define _ -> []
                | _ -> Walk.partExpressions part

            expressions |> List.iter (this.Expression locals everywhere)

            match part.Value with
            | NetItem.Let(name, _) -> define NameKind.Local home locals name
            | NetItem.Define definition ->
                let known = define NameKind.Block home locals definition.Name
                this.Defined(locals, own, definition)
                known
            | NetItem.Repeat(_, Some turn, _, inner) ->
                this.Body (define NameKind.Local own locals turn) home inner
                locals
            | _ ->
                this.Body locals home (Walk.inner part)
                locals

        body |> List.fold part locals |> ignore

    member private this.Published home (published: Published) =
        this.Expression Map.empty home published.Value
        this.On home published.On

    member private this.PublishedLine home (line: PublishedLine) =
        match line with
        | PublishedLine.Columns columns -> List.iter (this.On home) columns
        | PublishedLine.Row(on, values) ->
            this.On home on
            values |> List.choose id |> List.iter (this.Expression Map.empty home)
        | PublishedLine.Broken -> ()

    /// The values after `on`.
    member private this.On home (values: Expression list) =
        for on in values do
            match on.Value with
            | Term.Word word when cases.Contains word -> add NameKind.Case everywhere false word on.Span
            | _ -> this.Expression Map.empty home on

    /// Axes of a report may be lets, and sides of claims also cases; measures are fixed words.
    member private _.ReportLine(line: ReportLine) =
        let used (word: Located<string>) =
            let kind =
                if cases.Contains word.Value then
                    NameKind.Case
                else
                    NameKind.Let

            add kind everywhere false word.Value word.Span

        let words = List.concat line.Parts

        /// `filters` after a number is its unit.
        let isUnit (before: Located<string>) (word: Located<string>) =
            System.Char.IsAsciiDigit before.Value[0]
            && (Vocabulary.tryDimension word.Value).IsSome

        match words |> List.tryFindIndex (fun word -> word.Value = "on") with
        | Some i when line.Kind.Value = "claim" ->
            for before, word in List.pairwise (List.skip i words) do
                if not (isUnit before word) then
                    used word
        | _ ->
            for part in ReportWords.split line do
                for name in part.Names |> List.map (ReportWords.marked >> fst) do
                    match part.Keyword with
                    | "by"
                    | "for" -> used name
                    | "against"
                    | "over" when not (Vocabulary.isMeasure name.Value) -> used name
                    | _ -> ()

    member this.Statement home (statement: Statement) : unit =
        let expression = this.Expression Map.empty home

        let letOrSetting (name: Name) =
            if not (Settings.isSetting name.Value) then
                this.Define(NameKind.Let, home, name)

        match statement.Value with
        // The run that another one starts from may be a case.
        | StatementItem.Setting({ Value = "start" }, phrase) ->
            for part in phrase do
                match part.Value with
                | Term.Word word when cases.Contains word -> add NameKind.Case everywhere false word part.Span
                | _ -> expression part
        | StatementItem.Setting(_, phrase)
        | StatementItem.Learn(_, phrase) -> List.iter expression phrase
        | StatementItem.Let(name, value)
        | StatementItem.Draw(name, value) ->
            letOrSetting name
            expression value
        | StatementItem.Together(names, items) ->
            List.iter letOrSetting names
            expression items
        | StatementItem.Rule(selector, action) ->
            let own = statement.Span.Start

            let locals =
                match Walk.placeOf selector with
                | Some place ->
                    this.Define(NameKind.Local, own, place)
                    Map [ place.Value, (NameKind.Local, own) ]
                | None -> Map.empty

            Walk.ruleExpressions selector action |> List.iter (this.Expression locals home)
        | StatementItem.Case(name, body) ->
            this.Define(NameKind.Case, everywhere, name)
            List.iter (this.Statement statement.Span.Start) body
        | StatementItem.Profile(name, body) ->
            this.Define(NameKind.Profile, everywhere, name)
            List.iter (this.Statement everywhere) body
        | StatementItem.Stage(number, body) ->
            expression number
            List.iter (this.Statement home) body
        | StatementItem.Ensemble(members, after, body) ->
            expression members
            expression after
            List.iter (this.Statement home) body
        | StatementItem.Net definition ->
            this.Define(NameKind.Net, everywhere, definition.Name)
            this.Defined(Map.empty, statement.Span.Start, definition)
        | StatementItem.Expect(_, values, _) -> List.iter (this.Published home) values
        | StatementItem.ExpectTable(_, _, lines) ->
            for line in lines do
                this.PublishedLine home line.Value
        | StatementItem.Report lines -> lines |> List.choose _.Value |> List.iter this.ReportLine
        | StatementItem.Import _
        | StatementItem.Broken -> ()

/// All names of files that belong together, in no particular order.
let occurrences (files: Imports.File list) : Occurrence list =
    let statements = files |> List.collect _.Parsed.Statements

    let defined =
        Walk.statements statements
        |> Seq.choose (fun statement ->
            match statement.Value with
            | StatementItem.Net definition -> Some(NameKind.Net, definition.Name.Value)
            | StatementItem.Case(name, _) -> Some(NameKind.Case, name.Value)
            | _ -> None)
        |> List.ofSeq

    let named kind =
        defined |> List.filter (fst >> (=) kind) |> List.map snd |> Set.ofList

    let collector = Collector(named NameKind.Net, named NameKind.Case)
    statements |> List.iter (collector.Statement everywhere)

    // A let of a case overrides the outer name, so a name that is known outside is one name everywhere; a name that only cases
    // define is local to each of them. A word that no let defines is not a name.
    let lets, others =
        collector.Found |> List.partition (fun o -> o.Kind = NameKind.Let)

    let letsByName =
        lets
        |> List.groupBy _.Name
        |> List.collect (fun (_, named) ->
            let defined = named |> List.filter _.IsDefinition

            if defined.IsEmpty then
                []
            elif named |> List.exists (fun o -> o.Home = everywhere) then
                named |> List.map (fun o -> { o with Home = everywhere })
            else
                let homes = defined |> List.map _.Home |> Set.ofList
                named |> List.filter (fun o -> homes.Contains o.Home))

    // A name defined by a let is not a net.
    let letSpans = letsByName |> List.map _.Span.Start |> Set.ofList

    letsByName
    @ (others
       |> List.filter (fun o -> o.Kind <> NameKind.Net || not (letSpans.Contains o.Span.Start)))

let areOfOne (a: Occurrence) (b: Occurrence) =
    a.Name = b.Name && a.Kind = b.Kind && a.Home = b.Home

/// Without its trailing number, as parts of a repeat have.
let private bare (segment: string) = segment.TrimEnd([| '0' .. '9' |])

/// The place of the part of a net that a path names, also through blocks that the net uses.
let partOf (net: Definition) (path: string) : Span option =
    let blocks =
        Walk.parts net.Body
        |> Seq.choose (fun part ->
            match part.Value with
            | NetItem.Define block -> Some(block.Name.Value, block.Body)
            | _ -> None)
        |> Map.ofSeq

    /// A part's name and place, and the parts inside it.
    let rec named (part: NetPart) : (string * Span * NetPart list) list =
        let ofBlock (phrase: Phrase) =
            match phrase with
            | {
                  Value = Term.Word name | Term.Call({ Value = name }, _)
              } :: _ -> name, Map.tryFind name blocks |> Option.defaultValue []
            | _ -> "", []

        match part.Value, Walk.label part with
        | NetItem.Define _, _
        | NetItem.Let _, _
        | NetItem.Broken, _ -> []
        | NetItem.Stage({ Value = Term.Number(number, _) }, body), _ -> [ $"stage{number}", part.Span, body ]
        | NetItem.Layer(_, phrase), Some label -> [ label.Value, label.Span, snd (ofBlock phrase) ]
        | NetItem.Layer(_, phrase), None ->
            let name, body = ofBlock phrase
            [ name, phrase.Head.Span, body ]
        | _, Some label -> [ label.Value, label.Span, Walk.inner part ]
        | _, None -> Walk.inner part |> List.collect named

    // The bodies visited at each depth: blocks that use each other lead to the same body along very many paths.
    let seen = Array.init 20 (fun _ -> HashSet<NetPart list>(HashIdentity.Reference))

    let rec find depth (body: NetPart list) (segments: string list) : Span option =
        match segments with
        | [] -> None
        | _ when depth = seen.Length || not (seen[depth].Add body) -> None
        | segment :: rest ->
            let exact, others =
                body
                |> List.collect named
                |> List.partition (fun (name, _, _) -> name = segment)

            exact @ (others |> List.filter (fun (name, _, _) -> bare name = bare segment))
            |> List.tryPick (fun (_, span, inner) ->
                if rest.IsEmpty then
                    Some span
                else
                    find (depth + 1) inner rest)

    find 0 net.Body (List.ofArray (path.Split '.'))
