/// The arguments of a call, such as `sgd(lr 0.1, momentum 0.9)`: each parameter by name, once.
module Freeze.Language.Calls

open Freeze.Language.Syntax
open Freeze.Language.Values

/// A callee and its arguments; a single word is a call without arguments.
type Call =
    {
        Callee: Name
        Arguments: Argument list
    }

/// A call without arguments.
let bare (callee: Name) : Call = { Callee = callee; Arguments = [] }

/// Reads an expression as a call.
let call scope what (expression: Expression) : Result<Call, Diagnostic> =
    evaluate scope expression
    |> Result.bind (fun value ->
        match value.Value with
        | Datum.Word word -> Ok(bare (at value.Span word))
        | Datum.Call(callee, arguments) ->
            Ok
                {
                    Callee = callee
                    Arguments = arguments
                }
        | _ -> Error(Diagnostic.wrongValue value.Span what))

/// The arguments by parameter name; `positional` lists the parameters that need no name, in order.
let byName
    (known: string list)
    (positional: string list)
    (call: Call)
    : Result<Map<string, Expression>, Diagnostic> =
    let rec read (found: Map<string, Expression>) positional arguments =
        match arguments, positional with
        | [], _ -> Ok found
        | { Label = None; Content = value } :: _, [] ->
            Error(
                Diagnostic.wrongValue
                    value.Span
                    (match known with
                     | [] -> $"`{call.Callee.Value}` without brackets"
                     | first :: _ -> $"a named parameter, such as `{first} …`")
            )
        | { Label = None; Content = value } :: rest, name :: later ->
            read (Map.add name value found) later rest
        | { Label = Some label; Content = value } :: rest, _ ->
            if not (List.contains label.Value known) then
                Error(Diagnostic.unknownParameter label.Span call.Callee.Value label.Value known)
            else
                match Map.tryFind label.Value found with
                | Some first -> Error(Diagnostic.setTwice label.Span label.Value first.Span)
                | None -> read (Map.add label.Value value found) positional rest

    read Map.empty positional call.Arguments
