namespace Freeze

open System

/// Marks a field that canonical JSON leaves out at its default, and that reads as the default if it is missing. Mark each field
/// that is added to a recipe later, so that older recipes keep their addresses. The default is written as JSON. A record's field
/// carries the mark itself; for a field of a union case, the case carries the mark and names the field.
[<AttributeUsage(AttributeTargets.All, AllowMultiple = true)>]
type DefaultsToAttribute(field: string, json: string) =
    inherit Attribute()
    new(json: string) = DefaultsToAttribute("", json)
    /// The field of a union case; "" on a record's own field.
    member _.Field = field
    member _.Json = json
