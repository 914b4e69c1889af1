/// The built-in nets: Freeze files inside this assembly, read like any other.
[<RequireQualifiedAccess>]
module Freeze.Language.NetLibrary

open System.IO
open System.Reflection
open Freeze.Language.Syntax

let private prefix = "Freeze.Language.Library."

let private nets: Lazy<Map<string, NetPart list>> =
    lazy
        (let assembly = Assembly.GetExecutingAssembly()

         assembly.GetManifestResourceNames()
         |> Seq.filter _.StartsWith(prefix)
         |> Seq.collect (fun resource ->
             use reader = new StreamReader(assembly.GetManifestResourceStream resource)

             let source =
                 {
                     Path = resource
                     Text = reader.ReadToEnd()
                 }

             match Parser.parse source with
             | statements, [] ->
                 statements
                 |> List.choose (fun statement ->
                     match statement.Value with
                     | StatementItem.Net(name, body) -> Some(name.Value, body)
                     | _ -> None)
             | _, first :: _ -> failwith $"{resource}: {first.Message}, {first.Label}")
         |> Map.ofSeq)

let names () = nets.Value |> Map.keys |> List.ofSeq

let tryFind name = nets.Value.TryFind name
