module Freeze.LanguageServer.Tests.PositionTests

open System.IO
open FsCheck
open FsCheck.FSharp
open Expecto
open Freeze.Language
open Freeze.LanguageServer
open Freeze.LanguageServer.Protocol
open Freeze.Tests.Expectations

let private at line character = { Line = line; Character = character }

[<Tests>]
let tests =
    testList
        "positions"
        [
            test "lines end in LF, CRLF or CR" {
                let lines = LineIndex.ofText "a\nb\r\nc\rd"
                equal [| 0; 2; 5; 7 |] lines.Starts
                equal 6 (Positions.offset lines (at 2 1))
            }

            test "a column counts UTF-16 units" {
                let lines = LineIndex.ofText "# 😀 x\n"
                equal (at 0 5) (Positions.position lines 5)
                equal 5 (Positions.offset lines (at 0 5))
            }

            test "a column past the line is its end, before what ends it" {
                let lines = LineIndex.ofText "ab\r\ncd\n"
                equal 2 (Positions.offset lines (at 0 99))
                equal 6 (Positions.offset lines (at 1 99))
            }

            test "a line past the text is its end, one before it its beginning" {
                let lines = LineIndex.ofText "ab\ncd"
                equal 5 (Positions.offset lines (at 99 0))
                equal 0 (Positions.offset lines (at -1 7))
                equal 0 (Positions.offset lines (at 0 -7))
            }

            testProperty
                "every offset outside of a line's end is its position's offset"
                (fun (text: NonNull<string>) ->
                    let lines = LineIndex.ofText text.Get

                    seq { 0 .. text.Get.Length }
                    |> Seq.forall (fun offset ->
                        let inEnd =
                            offset > 0
                            && offset < text.Get.Length
                            && text.Get[offset - 1] = '\r'
                            && text.Get[offset] = '\n'

                        inEnd || Positions.offset lines (Positions.position lines offset) = offset))

            test "paths and URIs go back and forth" {
                for path in [ "/a/b.frz"; "/a b/ü#?%.frz"; "/a/100%25.frz" ] do
                    equal (Some path) (Uris.toPath (Uris.ofPath path))

                equal "file:///a%20b/%C3%BC.frz" (Uris.ofPath "/a b/ü.frz")
            }

            testTheory
                "other schemes, other machines and what is no path have no path"
                [
                    "untitled:Untitled-1"
                    "git:/a/b.frz"
                    "file://elsewhere/a.frz"
                    "file:///a%00b"
                    "file://"
                    ""
                ]
                (fun uri -> equal None (Uris.toPath uri))

            test "a path with dots is the path that it means" {
                equal (Some "/b.frz") (Uris.toPath "file:///a/../../b.frz")
                equal (Some(Path.GetFullPath "/a/b.frz")) (Uris.toPath "FILE://localhost/a/%2e/b.frz")
            }
        ]
