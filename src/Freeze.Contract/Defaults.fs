namespace Freeze

open System

/// Marks a field that canonical JSON leaves out at its default, and that reads back as the default where it is missing.
/// A field that is added to a recipe later is marked, so that the recipes before it keep their addresses. The default is
/// written as JSON. A field of a record carries the mark itself; that of a union's case is named on the case.
[<AttributeUsage(AttributeTargets.All, AllowMultiple = true)>]
type DefaultsToAttribute(field: string, json: string) =
    inherit Attribute()
    new(json: string) = DefaultsToAttribute("", json)
    /// The field of a union's case; "" on a record's own field.
    member _.Field = field
    member _.Json = json
