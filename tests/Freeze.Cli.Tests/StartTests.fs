/// ./freeze, the command of the README.
module Freeze.Cli.Tests.StartTests

open System.Diagnostics
open System.IO
open Freeze.Cli.Tests.Command
open Xunit

let private freezeScript (arguments: string list) =
    let info = ProcessStartInfo(Path.Combine(root, "freeze"), arguments)
    info.RedirectStandardOutput <- true
    info.RedirectStandardError <- true
    // From elsewhere, as with the script on the PATH.
    info.WorkingDirectory <- Path.GetTempPath()
    finish (Process.Start info)

[<Fact>]
let ``a second start builds nothing and passes arguments and exit codes on`` () =
    let built = Path.Combine(root, "artifacts", "publish", ".built")
    let before = File.GetLastWriteTimeUtc built
    let output = freezeScript [ "check"; file "epochs 0" ]
    Assert.Equal(2, output.Code)
    Assert.DoesNotContain("building", output.Errors)
    Assert.Contains("FRZ021", output.Errors)
    Assert.Equal(before, File.GetLastWriteTimeUtc built)
