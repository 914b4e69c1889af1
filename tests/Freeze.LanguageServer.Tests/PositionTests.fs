module Freeze.LanguageServer.Tests.PositionTests

open System.IO
open FsCheck
open FsCheck.FSharp
open Freeze.Language
open Freeze.LanguageServer
open Freeze.LanguageServer.Protocol
open Xunit

let private at line character = { Line = line; Character = character }

[<Fact>]
let ``lines end in n, in r and n, and in r`` () =
    let lines = LineIndex.ofText "a\nb\r\nc\rd"
    Assert.Equal<int[]>([| 0; 2; 5; 7 |], lines.Starts)
    Assert.Equal(6, Positions.offset lines (at 2 1))

[<Fact>]
let ``a column counts UTF-16 units`` () =
    let lines = LineIndex.ofText "# 😀 x\n"
    Assert.Equal(at 0 5, Positions.position lines 5)
    Assert.Equal(5, Positions.offset lines (at 0 5))

[<Fact>]
let ``a column past the line is its end, before what ends it`` () =
    let lines = LineIndex.ofText "ab\r\ncd\n"
    Assert.Equal(2, Positions.offset lines (at 0 99))
    Assert.Equal(6, Positions.offset lines (at 1 99))

[<Fact>]
let ``a line past the text is its end, one before it its beginning`` () =
    let lines = LineIndex.ofText "ab\ncd"
    Assert.Equal(5, Positions.offset lines (at 99 0))
    Assert.Equal(0, Positions.offset lines (at -1 7))
    Assert.Equal(0, Positions.offset lines (at 0 -7))

[<Fact>]
let ``every offset outside of a line's end is its position's offset`` () =
    let property (text: NonNull<string>) =
        let lines = LineIndex.ofText text.Get

        seq { 0 .. text.Get.Length }
        |> Seq.forall (fun offset ->
            let inEnd =
                offset > 0
                && offset < text.Get.Length
                && text.Get[offset - 1] = '\r'
                && text.Get[offset] = '\n'

            inEnd || Positions.offset lines (Positions.position lines offset) = offset)

    Check.QuickThrowOnFailure property

[<Fact>]
let ``paths and URIs go back and forth`` () =
    for path in [ "/a/b.frz"; "/a b/ü#?%.frz"; "/a/100%25.frz" ] do
        Assert.Equal(Some path, Uris.toPath (Uris.ofPath path))

    Assert.Equal("file:///a%20b/%C3%BC.frz", Uris.ofPath "/a b/ü.frz")

[<Theory>]
[<InlineData "untitled:Untitled-1">]
[<InlineData "git:/a/b.frz">]
[<InlineData "file://elsewhere/a.frz">]
[<InlineData "file:///a%00b">]
[<InlineData "file://">]
[<InlineData "">]
let ``other schemes, other machines and what is no path have no path`` (uri: string) =
    Assert.Equal(None, Uris.toPath uri)

[<Fact>]
let ``a path with dots is the path that it means`` () =
    Assert.Equal(Some "/b.frz", Uris.toPath "file:///a/../../b.frz")
    Assert.Equal(Some(Path.GetFullPath "/a/b.frz"), Uris.toPath "FILE://localhost/a/%2e/b.frz")
