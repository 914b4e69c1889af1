/// The names of a file and of those that it imports: where each is defined and where it is used.
[<RequireQualifiedAccess>]
module Freeze.Language.Names

open Freeze.Language.Syntax

[<RequireQualifiedAccess>]
type Kind =
    | Let
    | Net
    | Case
    | Profile
    | Block
    /// A parameter or a let of a net or a block, or what a repeat counts with.
    | Local

/// A name at one place. Two occurrences speak of the same thing where name, kind and home agree.
type Occurrence =
    {
        Name: string
        Kind: Kind
        /// Where the case, the net or the block begins in which alone the name is known; -1 for the whole file.
        Home: int
        Span: Span
        IsDefinition: bool
    }

/// What names mean at a place in a net: the kind and home of each.
type private Locals = Map<string, Kind * int>

let private everywhere = -1

let private isSetting name =
    List.contains name (Vocabulary.names Vocabulary.settings)

/// A net's name where `wrn-28-10` is short for `wrn(28, 10)`.
let private netOf (nets: Set<string>) (word: string) =
    nets
    |> Set.filter (fun net ->
        word = net
        || (word.StartsWith(net + "-")
            && word.Substring(net.Length + 1).Split '-'
               |> Array.forall (fun part -> part <> "" && Seq.forall System.Char.IsAsciiDigit part)))
    |> Seq.sortByDescending _.Length
    |> Seq.tryHead

/// `stride`, `pad` and so on: behind a layer they are no names, unless the net has such a parameter.
let private layerWords =
    Vocabulary.layers
    |> Seq.collect (fun layer -> layer.Usage.Split [| ' '; '['; ']'; '|' |])
    |> Seq.filter (fun word -> word <> "" && Seq.forall System.Char.IsAsciiLetterLower word)
    |> Set.ofSeq

/// Collects occurrences statement by statement. `nets` and `cases` are the names that some file defines.
type private Collector(nets: Set<string>, cases: Set<string>) =
    let found = ResizeArray<Occurrence>()

    let add kind home isDefinition (name: string) (span: Span) =
        found.Add
            {
                Name = name
                Kind = kind
                Home = home
                Span =
                    {
                        Start = span.Start
                        End = span.Start + name.Length
                    }
                IsDefinition = isDefinition
            }

    member _.Found = List.ofSeq found

    member _.Define(kind, home, name: Name) = add kind home true name.Value name.Span

    /// A word that is a local name, or else perhaps a let or a net.
    member _.Use(locals: Locals, home, word: string, span: Span) =
        match Map.tryFind word locals with
        | Some(kind, home) -> add kind home false word span
        | None ->
            add Kind.Let home false word span

            netOf nets word
            |> Option.iter (fun net -> add Kind.Net everywhere false net span)

    member this.Expression (locals: Locals) home (expression: Expression) : unit =
        let inner = this.Expression locals home

        match expression.Value with
        | Term.Word word -> this.Use(locals, home, word, expression.Span)
        | Term.Call(callee, arguments) ->
            this.Use(locals, home, callee.Value, callee.Span)
            arguments |> List.iter (fun argument -> inner argument.Content)
        | Term.List items
        | Term.Tuple items -> List.iter inner items
        | Term.Part(_, value)
        | Term.Negative value -> inner value
        | Term.Range(a, b)
        | Term.Binary(_, a, b) ->
            inner a
            inner b
        | Term.Number _
        | Term.Text _
        | Term.Size _ -> ()

    member this.Parameters (locals: Locals) home (parameters: Parameter list) : Locals =
        parameters
        |> List.choose _.Default
        |> List.iter (this.Expression locals everywhere)

        parameters
        |> List.fold
            (fun locals parameter ->
                this.Define(Kind.Local, home, parameter.Name)
                Map.add parameter.Name.Value (Kind.Local, home) locals)
            locals

    /// The parts of a net, each with what those before it have defined.
    member this.Body (locals: Locals) home (body: NetPart list) : unit =
        let part (locals: Locals) (part: NetPart) : Locals =
            let inside = this.Body locals home

            match part.Value with
            | NetItem.Layer(_, phrase) ->
                for expression in phrase do
                    match expression.Value with
                    | Term.Word word when layerWords.Contains word && not (locals.ContainsKey word) -> ()
                    | _ -> this.Expression locals everywhere expression

                locals
            | NetItem.Block(_, inner)
            | NetItem.Dense(_, inner) ->
                inside inner
                locals
            | NetItem.Stage(number, inner) ->
                this.Expression locals everywhere number
                inside inner
                locals
            | NetItem.Repeat(_, turn, count, inner) ->
                this.Expression locals everywhere count

                let known =
                    match turn with
                    | Some turn ->
                        this.Define(Kind.Local, part.Span.Start, turn)
                        Map.add turn.Value (Kind.Local, part.Span.Start) locals
                    | None -> locals

                this.Body known home inner
                locals
            | NetItem.Residual(_, inner, shortcut) ->
                inside inner
                shortcut |> Option.iter (fun shortcut -> inside shortcut.Body)
                locals
            | NetItem.Let(name, value) ->
                this.Expression locals everywhere value
                this.Define(Kind.Local, home, name)
                Map.add name.Value (Kind.Local, home) locals
            | NetItem.Define(name, parameters, inner) ->
                this.Define(Kind.Block, home, name)
                let known = Map.add name.Value (Kind.Block, home) locals
                this.Body (this.Parameters locals part.Span.Start parameters) part.Span.Start inner
                known
            | NetItem.Broken -> locals

        body |> List.fold part locals |> ignore

    member private this.Published home (published: Published) =
        this.Expression Map.empty home published.Value

        for on in published.On do
            match on.Value with
            | Term.Word word when cases.Contains word -> add Kind.Case everywhere false word on.Span
            | _ -> this.Expression Map.empty home on

    /// The axes of a report may be lets; its measures are words of their own.
    member private _.ReportLine(line: ReportLine) =
        let folder inAxes (word: Located<string>) =
            match word.Value with
            | "by"
            | "for" -> true
            | "against"
            | "fit" -> false
            | other ->
                if inAxes then
                    add Kind.Let everywhere false other word.Span

                inAxes

        let side (word: Located<string>) =
            let kind = if cases.Contains word.Value then Kind.Case else Kind.Let
            add kind everywhere false word.Value word.Span

        let words = line.Parts |> List.concat

        match words |> List.tryFindIndex (fun word -> word.Value = "on") with
        | Some i when line.Kind.Value = "claim" -> words |> List.skip (i + 1) |> List.iter side
        | _ -> words |> List.fold folder false |> ignore

    member this.Statement home (statement: Statement) : unit =
        let expression = this.Expression Map.empty home

        let letOrSetting (name: Name) =
            if not (isSetting name.Value) then
                this.Define(Kind.Let, home, name)

        match statement.Value with
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
            Axes.selectorExpressions selector |> List.iter expression
            action.Amount |> Option.iter (fun amount -> expression amount.Count)
            Axes.modifierExpressions action.Modifiers |> List.iter expression
        | StatementItem.Case(name, body) ->
            this.Define(Kind.Case, everywhere, name)
            List.iter (this.Statement statement.Span.Start) body
        | StatementItem.Profile(name, body) ->
            this.Define(Kind.Profile, everywhere, name)
            List.iter (this.Statement everywhere) body
        | StatementItem.Stage(number, body) ->
            expression number
            List.iter (this.Statement home) body
        | StatementItem.Ensemble(members, after, body) ->
            expression members
            expression after
            List.iter (this.Statement home) body
        | StatementItem.Net(name, parameters, body) ->
            this.Define(Kind.Net, everywhere, name)
            let locals = this.Parameters Map.empty statement.Span.Start parameters
            this.Body locals statement.Span.Start body
        | StatementItem.Expect(_, values, _) -> List.iter (this.Published home) values
        | StatementItem.Report lines -> lines |> List.choose _.Value |> List.iter this.ReportLine
        | StatementItem.Import _
        | StatementItem.Broken -> ()

let rec private definitions (statements: Statement list) : (Kind * string) list =
    statements
    |> List.collect (fun statement ->
        match statement.Value with
        | StatementItem.Net(name, _, _) -> [ Kind.Net, name.Value ]
        | StatementItem.Case(name, _) -> [ Kind.Case, name.Value ]
        | StatementItem.Ensemble(_, _, body) -> definitions body
        | _ -> [])

/// Every name of some files that belong together, in no order.
let occurrences (files: Imports.File list) : Occurrence list =
    let statements = files |> List.collect _.Parsed.Statements

    let named kind =
        definitions statements
        |> List.filter (fst >> (=) kind)
        |> List.map snd
        |> Set.ofList

    let collector = Collector(named Kind.Net, named Kind.Case)
    statements |> List.iter (collector.Statement everywhere)

    // A let of a case changes what the same name outside means, so a name that is known outside is one name everywhere;
    // one that only cases know belongs to each of them alone. A word that no let defines is no name.
    let lets, others = collector.Found |> List.partition (fun o -> o.Kind = Kind.Let)

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

    // What a let means is no net of the same name.
    let letSpans = letsByName |> List.map _.Span.Start |> Set.ofList

    letsByName
    @ (others
       |> List.filter (fun o -> o.Kind <> Kind.Net || not (letSpans.Contains o.Span.Start)))

let areOfOne (a: Occurrence) (b: Occurrence) =
    a.Name = b.Name && a.Kind = b.Kind && a.Home = b.Home

/// The labels of a net's parts, each as a path with the labels around it, and where it stands.
let rec labels (prefix: string) (body: NetPart list) : (string * Span) list =
    body
    |> List.collect (fun part ->
        let within label inner shortcut =
            match label with
            | Some(label: Name) ->
                (prefix + label.Value, label.Span)
                :: labels (prefix + label.Value + ".") (inner @ shortcut)
            | None -> labels prefix (inner @ shortcut)

        match part.Value with
        | NetItem.Layer(label, _) -> within label [] []
        | NetItem.Block(label, inner) -> within (Some label) inner []
        | NetItem.Repeat(label, _, _, inner)
        | NetItem.Dense(label, inner)
        | NetItem.Residual(label, inner, None) -> within label inner []
        | NetItem.Residual(label, inner, Some shortcut) -> within label inner shortcut.Body
        | NetItem.Stage({ Value = Term.Number(number, _) }, inner) ->
            let name = $"stage{number}"
            (prefix + name, part.Span) :: labels (prefix + name + ".") inner
        | NetItem.Stage(_, inner) -> labels prefix inner
        | NetItem.Let _
        | NetItem.Define _
        | NetItem.Broken -> [])
