/// The meaning of names at a place in a net's body: parameters, lets, blocks and image sizes.
module Freeze.Language.NetScopes

open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.NetBuilder

/// The meaning of names at a place in a body.
type Environment =
    {
        Outside: Scope
        Values: Map<string, Datum>
        /// The expressions of lets, for messages.
        Lets: Map<string, Expression>
        /// Blocks, each with the environment of its definition.
        Blocks: Map<string, Definition * Environment>
        Place: Place
        /// The nesting depth of blocks.
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
let scope (builder: Builder) (environment: Environment) =
    environment.Outside.Inside(fun name ->
        match Map.tryFind name environment.Values, name, builder.Shape with
        | Some value, _, _ -> Some value
        | None, "classes", _ -> Some(whole builder.Classes)
        | None, "channels", Some shape -> Some(whole shape[0])
        | None, "height", Some [| _; height; _ |] -> Some(whole height)
        | None, "width", Some [| _; _; width |] -> Some(whole width)
        // After an error no size is known, and the error has been reported.
        | None, ("channels" | "height" | "width"), None -> Some(whole 1)
        | _ -> None)

let notation (expression: Expression) =
    Layout.flat (Notation.expression None expression)

/// The lets that an expression names, as written.
let letsOf (environment: Environment) (expression: Expression) : (string * string) list =
    Walk.words expression
    |> Seq.distinct
    |> Seq.choose (fun name ->
        Map.tryFind name environment.Lets
        |> Option.map (fun value -> name, notation value))
    |> List.ofSeq

/// The values of a definition's parameters.
let bind (outside: Scope) (definition: Definition) (call: Calls.Call) =
    let names = definition.Parameters |> List.map _.Name.Value

    let value name (expression: Expression) =
        number outside expression
        |> Result.map (fun number -> name, Datum.Number number)

    Calls.byName names names call
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

let inBlock (environment: Environment) name =
    environment.At
        { environment.Place with
            Prefix = name + "."
            InRepeat = false
        }

/// Deeper nesting of blocks is a mistake, and would exhaust the stack.
let deepest = 64

/// `init conv he`: applies to the following layers.
let directive (builder: Builder) (environment: Environment) span (words: Phrase) =
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
