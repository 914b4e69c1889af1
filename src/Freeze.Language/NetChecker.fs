/// Turns a net's definition and arguments into a graph with all shapes known, or reports what is wrong.
module Freeze.Language.NetChecker

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.NetBuilder
open Freeze.Language.NetScopes

/// A net for one kind of images.
type Built =
    {
        Net: Net
        /// The schemes that the net sets, by weight; other weights start as in PyTorch.
        Starts: Map<string, Schemes.Scheme>
        /// The names of its layers in weights files, one table per publisher.
        Names: NetNames.Table list
        /// The net of a run that does not train stage by stage: without the stages made by marks.
        Alone: Net
    }

/// More name lines are a mistake or an attack: each may be compared with each layer.
let private mostNameLines = 1_000

let rec private parts (builder: Builder) (environment: Environment) (body: NetPart list) =
    body
    |> List.fold
        (fun environment part ->
            if builder.IsSound then
                step builder environment part
            else
                environment)
        environment
    |> ignore

/// Adds a part; the parts after it know what it defines.
and private step builder environment (part: NetPart) : Environment =
    match part.Value with
    | NetItem.Layer(_, { Value = Term.Word "init" } :: words) -> directive builder environment part.Span words
    | NetItem.Let(name, value) ->
        match evaluate (scope builder environment) value with
        | Ok found ->
            { environment.With(name, found.Value) with
                Lets = Map.add name.Value value environment.Lets
            }
        | Error diagnostic ->
            builder.Fail diagnostic
            environment
    | NetItem.Define definition ->
        { environment with
            Blocks = Map.add definition.Name.Value (definition, environment) environment.Blocks
        }
    | _ ->
        structure builder environment part
        environment

and private structure builder environment (part: NetPart) =
    let labelled label =
        match label with
        | None -> environment
        | Some _ -> inBlock environment (builder.Name(environment.Place, label, "part"))

    match part.Value with
    | NetItem.Layer(label, phrase) -> layer builder environment part.Span label phrase
    | NetItem.Block(label, inner) -> parts builder (labelled (Some label)) inner
    | NetItem.Repeat(label, turn, count, inner) -> repeat builder (labelled label) part.Span turn count inner
    | NetItem.Residual(label, inner, shortcut) -> residual builder (labelled label) part.Span inner shortcut
    | NetItem.Dense(label, inner) ->
        let inside = labelled label
        let start = builder.At
        parts builder inside inner

        if builder.IsSound then
            NetBuilder.concat builder inside.Place part.Span start builder.At
    | NetItem.Stage(number, inner) -> stage builder environment part.Span number inner
    | NetItem.EndStage number -> endStage builder environment part.Span number
    | NetItem.Names(publishers, lines) -> names builder environment publishers lines
    // The parser has reported broken parts, and nets that contain them are not checked.
    | NetItem.Let _
    | NetItem.Define _
    | NetItem.Broken -> ()

and private layer builder environment span label phrase =
    let operation, words = List.head phrase, List.tail phrase
    let known = Vocabulary.names Vocabulary.layers

    let call =
        match operation.Value with
        | Term.Word word -> Some(word, [])
        | Term.Call(callee, arguments) -> Some(callee.Value, arguments)
        | _ -> None

    match call with
    | Some(word, arguments) when environment.Blocks.ContainsKey word ->
        let definition, home = environment.Blocks[word]

        let call: Calls.Call =
            {
                Callee = at operation.Span word
                Arguments = arguments
            }

        match words, bind (scope builder environment) definition call with
        | extra :: _, _ -> builder.Fail(Diagnostic.layerArguments extra.Span $"{word}(…)")
        | _, Error diagnostic -> builder.Fail diagnostic
        | [], Ok _ when environment.Depth >= deepest -> builder.Fail(Diagnostic.netTooLarge span mostNodes)
        | [], Ok values ->
            if builder.Turn span then
                let name = builder.Name(environment.Place, label, word)

                let inside =
                    { home with
                        Values = Map.over home.Values values
                        Place = environment.Place
                        Depth = environment.Depth + 1
                    }

                parts builder (inBlock inside name) definition.Body
    | Some(word, []) when List.contains word known ->
        if builder.Turn span then
            Layers.add builder environment.Place (scope builder environment) span label word words
    | Some(word, _) ->
        let known = known @ (Map.keys environment.Blocks |> List.ofSeq)
        builder.Fail(Diagnostic.unknownLayer operation.Span word known)
    | None -> builder.Fail(Diagnostic.layerArguments operation.Span "a layer, such as `conv 8 3x3`")

and private repeat builder environment span turn count inner =
    let scope = scope builder environment

    let bound count =
        match number scope count with
        | Ok(value, NumberForm.Decimal) ->
            Error(
                Diagnostic.turnsNotWhole (place scope count) (notation count) value (letsOf environment count)
            )
        | _ -> wholeBetween scope 0L 1_000_000_000L "the number of turns" count

    let range =
        match turn, count.Value with
        | Some _, Term.Range(first, last) -> both (bound first) (bound last)
        | _ -> bound count |> Result.map (fun count -> 1L, count)

    let inside =
        environment.At
            { environment.Place with
                InRepeat = true
            }

    match range with
    | Error diagnostic -> builder.Fail diagnostic
    | Ok(first, last) ->
        let mutable i = first

        while i <= last && builder.IsSound && builder.Turn span do
            let turned =
                match turn with
                | Some name -> inside.With(name, Datum.Number(decimal i, NumberForm.Whole))
                | None -> inside

            parts builder turned inner
            i <- i + 1L

and private residual builder environment span inner shortcut =
    let start = builder.At
    parts builder environment inner
    let finish = builder.At

    if builder.IsSound then
        match shortcut with
        | Some shortcut when builder.ShapeAt start <> builder.ShapeAt finish ->
            let from =
                match shortcut.From with
                | None -> start
                | Some part -> builder.Find(environment.Place.Prefix + part.Value)

            if from < start then
                let part = shortcut.From |> Option.get
                builder.Fail(Diagnostic.unknownPart part.Span part.Value)
            else
                builder.At <- from
                parts builder environment shortcut.Body

                if builder.IsSound then
                    NetBuilder.add builder environment.Place span builder.At finish
        | _ -> NetBuilder.add builder environment.Place span start finish

/// The name of the next stage, if a stage may stand here.
and private nextStage
    (builder: Builder)
    (environment: Environment)
    span
    number
    (isMark: bool)
    (make: string -> unit)
    =
    let next = builder.StageCount + 1

    match wholeBetween (scope builder environment) 1L 1000L "the stage" number with
    | Error diagnostic -> builder.Fail diagnostic
    | Ok found when found <> int64 next || environment.Place.Prefix <> "" ->
        builder.Fail(Diagnostic.stageOrder span next)
    | Ok _ when next > 1 && isMark = builder.Marks.IsEmpty -> builder.Fail(Diagnostic.stageForms span)
    | Ok _ -> make $"stage{next}"

and private stage builder environment span number inner =
    nextStage builder environment span number false (fun name ->
        builder.Claim(name, span)
        parts builder (inBlock environment name) inner

        if builder.IsSound then
            builder.EndStage name)

and private endStage builder environment span number =
    nextStage builder environment span number true (fun name ->
        if builder.IsAtStagesEnd then
            builder.Fail(Diagnostic.emptyStage span)
        else
            builder.MarkStage(name, span))

and private names builder environment publishers lines =
    let known =
        builder.Names
        |> Seq.collect (fun (table, span) -> table.Publishers |> Seq.map (fun name -> name, span))
        |> Map.ofSeq

    if
        environment.Place.Prefix <> ""
        || environment.Place.InRepeat
        || environment.Depth > 0
    then
        builder.Fail(Diagnostic.namesInside publishers.Head.Span)

    (known, publishers)
    ||> List.fold (fun known publisher ->
        match Map.tryFind publisher.Value known with
        | Some first ->
            builder.Fail(Diagnostic.definedTwice publisher.Span "a publisher" publisher.Value first)
            known
        | None -> Map.add publisher.Value publisher.Span known)
    |> ignore

    let read (line: Located<NameLine option>) =
        match line.Value |> Option.map NetNames.line with
        | Some(Ok read) -> Some(read, line.Span)
        | Some(Error diagnostic) ->
            builder.Fail diagnostic
            None
        | None -> None

    let lines = lines |> List.choose read

    builder.Names.Add(
        {
            Publishers = publishers |> List.map _.Value
            Lines = List.map fst lines
        },
        publishers.Head.Span
    )

    builder.NameLines.AddRange lines

    if builder.NameLines.Count > mostNameLines then
        builder.Fail(Diagnostic.namesTooMany publishers.Head.Span mostNameLines)

/// Nodes after a stage must not read nodes inside it.
let private checkMarks (builder: Builder) (net: Net) =
    for stage, span in builder.Marks do
        let reads node =
            net.Nodes[node].Inputs |> Array.exists (fun input -> input < stage.Output)

        if Seq.exists reads (seq { stage.Output + 1 .. net.Nodes.Length - 1 }) then
            builder.Fail(Diagnostic.stageCrossed span)

/// The graph of a net for images of the given shape and number of classes. Messages about the whole net point at the call.
/// Returns None if any error was reported. The call's arguments are evaluated in `scope`, the net's body in `body`: a built-in
/// net does not see a file's lets.
let check
    (report: Diagnostic -> unit)
    (scope: Scope)
    (body: Scope)
    (definition: Definition)
    (call: Calls.Call)
    (input: int[])
    (classes: int)
    : Built option =
    // The parser has reported an error inside the body.
    if Walk.parts definition.Body |> Seq.exists _.Value.IsBroken then
        None
    else
        match bind scope definition call with
        | Error diagnostic ->
            report diagnostic
            None
        | Ok values ->
            let builder = Builder(input, classes, report)

            let environment =
                {
                    Outside = body
                    Values = values
                    Lets = Map.empty
                    Blocks = Map.empty
                    Place =
                        {
                            Prefix = ""
                            InRepeat = false
                            Schemes = Map.empty
                        }
                    Depth = 0
                }

            parts builder environment definition.Body

            match builder.Shape with
            | _ when definition.Body.IsEmpty -> builder.Fail(Diagnostic.emptyNet call.Callee.Span)
            | Some [| found |] when found = classes -> ()
            | Some shape ->
                let last = (List.last definition.Body).Span
                builder.Fail(Diagnostic.wrongOutput last (Shapes.describe shape) classes)
            | None -> ()

            let net = builder.Net

            if builder.IsSound then
                checkMarks builder net

            if builder.IsSound then
                let layers = Net.weights net |> Seq.map _.Layer |> Seq.distinct |> List.ofSeq

                NetNames.check report definition.Parameters.IsEmpty layers builder.Names builder.NameLines

                Some
                    {
                        Net = net
                        Starts = builder.Starts
                        Names = builder.Names |> Seq.map fst |> List.ofSeq
                        Alone =
                            match builder.Marks with
                            | [] -> net
                            | marks ->
                                { net with
                                    Stages = Array.except (List.map fst marks) net.Stages
                                }
                    }
            else
                None
