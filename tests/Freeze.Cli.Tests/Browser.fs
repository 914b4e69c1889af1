/// A real Chromium, to see pages as readers see them.
module Freeze.Cli.Tests.Browser

open System
open System.Diagnostics
open System.IO
open System.Net
open System.Text.RegularExpressions
open Freeze.Cli.Tests.Command

let private names = [ "chromium"; "chromium-browser"; "google-chrome" ]

/// The browser of this machine, if there is one.
let path: string option =
    (Environment.GetEnvironmentVariable "PATH").Split Path.PathSeparator
    |> Seq.collect (fun folder -> names |> Seq.map (fun name -> Path.Combine(folder, name)))
    |> Seq.tryFind File.Exists

let private limit = TimeSpan.FromMinutes 2.0

let private run (arguments: string list) : string =
    let usual =
        [
            "--headless"
            "--no-sandbox"
            "--disable-gpu"
            "--hide-scrollbars"
            "--virtual-time-budget=30000"
            "--user-data-dir=" + folder ()
        ]

    let info = ProcessStartInfo(path.Value, usual @ arguments)
    info.RedirectStandardOutput <- true
    info.RedirectStandardError <- true
    use started = Process.Start info
    let text = started.StandardOutput.ReadToEndAsync()
    started.ErrorDataReceived.Add ignore
    started.BeginErrorReadLine()

    if not (started.WaitForExit limit) then
        started.Kill true
        failwith $"the browser did not end within {limit}"

    text.Result

/// Notes whatever a page complains of, before it does anything else, and unfolds what is folded up, so that it is drawn.
let private listener =
    """<script>
    const told = [];
    const tell = (...words) => { told.push(words.join(" ")); document.documentElement.dataset.told = JSON.stringify(told); };
    console.error = console.warn = tell;
    addEventListener("error", (event) => tell(event.message));
    addEventListener("unhandledrejection", (event) => tell(event.reason));
    addEventListener("securitypolicyviolation", (event) => tell(event.violatedDirective, event.blockedURI));
    addEventListener("DOMContentLoaded", () => document.querySelectorAll("details").forEach((part) => part.open = true));
    </script>"""

/// A script that runs when all charts are drawn, and leaves a text as the attribute data-NAME of the page.
let private afterwards (name: string) (expression: string) =
    $"""<script>
    (async () => {{
        while (!document.documentElement.dataset.drawn) await new Promise((next) => setTimeout(next, 50));
        document.documentElement.dataset.{name} = JSON.stringify({expression});
    }})();
    </script>"""

/// What a page became, with all that it complained of in data-told and each expression's value in its attribute.
let visit
    (options: string list)
    (expressions: (string * string) list)
    (scripts: string list)
    (page: string)
    : string =
    let watched = Path.Combine(folder (), "page.html")

    let added =
        String.concat
            ""
            [
                for script in scripts do
                    "<script>" + File.ReadAllText script + "</script>"
                for name, expression in expressions do
                    afterwards name expression
            ]

    // What draws the charts has words such as these in its own texts: the first head and the last body are the page's.
    let html = File.ReadAllText page
    let head, body = html.IndexOf "<head>" + "<head>".Length, html.LastIndexOf "</body>"
    File.WriteAllText(watched, html[.. head - 1] + listener + html[head .. body - 1] + added + html[body..])
    run (options @ [ "--dump-dom"; watched ])

/// The values of a data attribute, in the order of the page.
let values (name: string) (dom: string) : string list =
    Regex.Matches(dom, $"data-{name}=\"([^\"]*)\"")
    |> Seq.map (fun found -> WebUtility.HtmlDecode found.Groups[1].Value)
    |> List.ofSeq

/// A picture of a page.
let picture (options: string list) (target: string) (page: string) =
    run (options @ [ "--screenshot=" + target; page ]) |> ignore
