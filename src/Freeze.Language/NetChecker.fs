/// A net's definition and arguments to a graph with every shape known, or to what is wrong with it.
module Freeze.Language.NetChecker

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.NetBuilder

/// A net for one kind of images.
type Built =
    {
        Net: Net
        /// By weight the schemes that the net sets; other weights start as PyTorch's.
        Starts: Map<string, Schemes.Scheme>
    }

/// What names mean at a place in a body.
type private Environment =
    {
        Outside: Scope
        Values: Map<string, Datum>
        /// What lets compute, for messages.
        Lets: Map<string, Expression>
        /// Blocks, each with what was known where it was defined.
        Blocks: Map<string, Definition * Environment>
        Place: Place
        /// How deep in blocks.
        Depth: int
    }

    member this.At(place: Place) = { this with Place = place }

    member this.With(name: Name, value: Datum) =
        { this with
            Values = Map.add name.Value value this.Values
        }

let private whole (value: int) =
    Datum.Number(decimal value, NumberForm.Whole)

/// The scope of an expression: parameters and lets, and the sizes at the cursor.
let private scope (builder: Builder) (environment: Environment) =
    environment.Outside.Inside(fun name ->
        match Map.tryFind name environment.Values, name, builder.Shape with
        | Some value, _, _ -> Some value
        | None, "classes", _ -> Some(whole builder.Classes)
        | None, "channels", Some shape -> Some(whole shape[0])
        | None, "height", Some [| _; height; _ |] -> Some(whole height)
        | None, "width", Some [| _; _; width |] -> Some(whole width)
        // After a mistake no size is known, and that has been said.
        | None, ("channels" | "height" | "width"), None -> Some(whole 1)
        | _ -> None)

let private notation (expression: Expression) =
    Layout.flat (Notation.expression None expression)

/// The lets that an expression names, as they are written.
let private letsOf (environment: Environment) (expression: Expression) : (string * string) list =
    Walk.words expression
    |> Seq.distinct
    |> Seq.choose (fun name ->
        Map.tryFind name environment.Lets
        |> Option.map (fun value -> name, notation value))
    |> List.ofSeq

/// The values of a definition's parameters.
let private bind (outside: Scope) (definition: Definition) (call: Arguments.Call) =
    let names = definition.Parameters |> List.map _.Name.Value

    let value name (expression: Expression) =
        evaluate outside expression
        |> Result.bind (fun value ->
            match value.Value with
            | Datum.Number _ -> Ok(name, value.Value)
            | Datum.Word word -> Error(Diagnostic.unknownName expression.Span word outside.Names)
            | _ -> Error(Diagnostic.wrongValue expression.Span "a number"))

    Arguments.byName names names call
    |> Result.bind (fun given ->
        definition.Parameters
        |> List.map (fun parameter ->
            match Map.tryFind parameter.Name.Value given, parameter.Default with
            | Some expression, _
            | None, Some expression -> value parameter.Name.Value expression
            | None, None ->
                Error(
                    Diagnostic.missingParameter call.Callee.Span definition.Name.Value parameter.Name.Value
                ))
        |> all)
    |> Result.map Map.ofList

let private inBlock (environment: Environment) name =
    environment.At
        { environment.Place with
            Prefix = name + "."
            InRepeat = false
        }

/// Blocks within blocks beyond this are mistakes, and would cost stack.
let private deepest = 64

/// `init conv he`: for the layers behind it.
let private directive (builder: Builder) (environment: Environment) span (words: Phrase) =
    let fail diagnostic =
        builder.Fail diagnostic
        environment

    match words with
    | [ {
            Value = Term.Word("conv" | "linear" | "bias" as kind)
        }
        scheme ] ->
        match Schemes.scheme (scope builder environment) scheme with
        | Ok found when kind = "bias" && Schemes.isOfKernels found ->
            fail (Diagnostic.wrongValue scheme.Span "for biases torch, zero, normal(σ) or uniform(a)")
        | Ok scheme ->
            environment.At
                { environment.Place with
                    Schemes = Map.add kind scheme environment.Place.Schemes
                }
        | Error diagnostic -> fail diagnostic
    | _ -> fail (Diagnostic.layerArguments span (Vocabulary.usage Vocabulary.layers "init"))

/// Adds a node that reads two others.
let private joinTwo
    (builder: Builder)
    (environment: Environment)
    span
    word
    operation
    inputs
    (shape: int64 seq)
    =
    let place =
        { environment.Place with
            InRepeat = false
        }

    builder.Join(span, builder.Name(place, None, word), operation, inputs, List.ofSeq shape)

let private add (builder: Builder) (environment: Environment) (span: Span) start finish =
    let before, after = builder.ShapeAt start, builder.ShapeAt finish

    if before = after then
        joinTwo builder environment span "add" Operation.Add [| finish; start |] (Seq.map int64 after)
    else
        builder.Fail(
            Diagnostic.shape
                span
                $"the sum of {Shapes.describe after} and {Shapes.describe before}"
                "both must have one shape: a `shortcut { … }` can bring the input to that of the body"
        )

let private concat (builder: Builder) (environment: Environment) (span: Span) start finish =
    let before, after = builder.ShapeAt start, builder.ShapeAt finish

    if before.Length = after.Length && Array.tail before = Array.tail after then
        let shape =
            Seq.append [ int64 before[0] + int64 after[0] ] (Array.tail before |> Seq.map int64)

        joinTwo builder environment span "concat" Operation.Concat [| start; finish |] shape
    else
        builder.Fail(
            Diagnostic.shape
                span
                $"{Shapes.describe after} cannot stand behind {Shapes.describe before}"
                "the body must keep height and width"
        )

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

/// Adds a part; what it defines is known behind it.
and private step builder environment (part: NetPart) : Environment =
    let labelled label =
        match label with
        | None -> environment
        | Some _ -> inBlock environment (builder.Name(environment.Place, label, "part"))

    match part.Value with
    | NetItem.Layer(_, { Value = Term.Word "init" } :: words) -> directive builder environment part.Span words
    | NetItem.Layer(label, phrase) ->
        layer builder environment part.Span label phrase
        environment
    | NetItem.Block(label, inner) ->
        parts builder (labelled (Some label)) inner
        environment
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
    | NetItem.Repeat(label, turn, count, inner) ->
        repeat builder (labelled label) part.Span turn count inner
        environment
    | NetItem.Residual(label, inner, shortcut) ->
        residual builder (labelled label) part.Span inner shortcut
        environment
    | NetItem.Dense(label, inner) ->
        let environment' = labelled label
        let start = builder.At
        parts builder environment' inner

        if builder.IsSound then
            concat builder environment' part.Span start builder.At

        environment
    | NetItem.Stage(number, inner) ->
        stage builder environment part.Span number inner
        environment
    // The parser has told of it, and such a net is not checked.
    | NetItem.Broken -> environment

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

        let call: Arguments.Call =
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
                        Values = Map.fold (fun all name value -> Map.add name value all) home.Values values
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
                    add builder environment span builder.At finish
        | _ -> add builder environment span start finish

and private stage builder environment span number inner =
    let next = builder.StageCount + 1

    match wholeBetween (scope builder environment) 1L 1000L "the stage" number with
    | Error diagnostic -> builder.Fail diagnostic
    | Ok found when found <> int64 next || environment.Place.Prefix <> "" ->
        builder.Fail(Diagnostic.stageOrder span next)
    | Ok _ ->
        let name = $"stage{next}"
        builder.Claim(name, span)
        parts builder (inBlock environment name) inner

        if builder.IsSound then
            builder.EndStage name

/// The graph of a net for images of a shape and a number of classes. Its place, for messages about the whole, is that
/// of the call; nothing is returned where anything was reported. The call's arguments are evaluated in one scope, the
/// body in another: a built-in net knows nothing of a file's lets.
let check
    (report: Diagnostic -> unit)
    (scope: Scope)
    (body: Scope)
    (definition: Definition)
    (call: Arguments.Call)
    (input: int[])
    (classes: int)
    : Built option =
    // The parser has complained inside the body.
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

            if builder.IsSound then
                Some
                    {
                        Net = builder.Net
                        Starts = builder.Starts
                    }
            else
                None
