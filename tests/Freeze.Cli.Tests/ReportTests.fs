module Freeze.Cli.Tests.ReportTests

open System.Diagnostics
open System.IO
open System.Text.Json
open System.Text.RegularExpressions
open Expecto
open Freeze
open Freeze.Report.Maps
open Freeze.Cli.Tests.Command
open Freeze.Tests.Expectations

let private text =
    "data mnist-sample; images 640; test 400 images; batch 64; epochs 2; net lenet; optimizer sgd(lr 0.02, momentum 0.9); seed 1..2\n\
     case all { rest: train }\n\
     case share { conv: train 0.4 filters }\n\
     case front { conv: fixed }\n\
     expect best accuracy 90 on share from \"Table 2\"\n\
     report {\n\
     table best accuracy, trained parameters by case\n\
     plot training error, validation error by epoch for case\n\
     plot best accuracy against trained parameters (log), fit log\n\
     plot best accuracy against case\n\
     plot test loss against seed for case\n\
     weights mean |w|, variance by layer\n\
     tsne last stage, 200 samples\n\
     claim best accuracy on all > front\n\
     claim best accuracy rises with trained parameters (log)\n\
     }"

/// Six real runs and the report on them, made once for all tests.
let private made =
    lazy
        (let source, store = file text, folder ()
         let page = Path.Combine(store, "report.html")
         let run = freeze [ "run"; source; "--store"; store ]
         Expect.isTrue (run.Code = 0) run.Errors

         let report =
             freeze
                 [
                     "report"
                     source
                     "--store"
                     store
                     "-o"
                     page
                     "--csv"
                     store
                     "--markdown"
                     Path.Combine(store, "tables.md")
                     "--tensorboard"
                     Path.Combine(store, "events")
                 ]

         Expect.isTrue (report.Code = 0) report.Errors
         source, store, page)

let private results store =
    Directory.GetDirectories store
    |> Array.map (fun run -> Path.Combine(run, "result.json"))
    |> Array.filter File.Exists
    |> Array.map (File.ReadAllText >> Json.ofText<RunResult>)

/// Steps of the scalars in a file of events, as scripts/fixtures/read_tensorboard.py reads them.
let private readEvents (path: string) : string =
    let reader = Path.Combine(root, "scripts/fixtures/read_tensorboard.py")

    let info = System.Diagnostics.ProcessStartInfo("/usr/bin/python3", [ reader; path ])
    info.RedirectStandardOutput <- true
    info.RedirectStandardError <- true
    use started = System.Diagnostics.Process.Start info
    let text = started.StandardOutput.ReadToEnd()
    let errors = started.StandardError.ReadToEnd()
    started.WaitForExit()

    if errors.Contains "No module named 'google'" then
        skiptest "there is no python3-protobuf here: NO OTHER READER HAS SEEN THE EVENT FILES"

    Expect.isTrue (started.ExitCode = 0) errors
    text

/// Charts that are wider than their place.
let private cut =
    "[...document.querySelectorAll('.plot')].filter((p) => p.scrollWidth > p.clientWidth).map((p) => p.ariaLabel + ': ' + p.scrollWidth)"

/// What a reader's browser makes of the page: every chart has marks, and nothing complains.
let private demandSound (options: string list) =
    if Browser.path.IsNone then
        skiptest "there is no Chromium here (apt-get install chromium): NO BROWSER HAS SEEN THE REPORT"

    let _, _, page = made.Value
    let charts = Regex.Count(File.ReadAllText page, "<figure class=\"chart\"")

    let dom =
        Browser.visit
            options
            [
                "wide", "document.documentElement.scrollWidth - innerWidth"
                "cut", cut
                "network", "performance.getEntriesByType('resource').length"
            ]
            []
            page

    equal [ "yes" ] (Browser.values "drawn" dom)
    equal [] (Browser.values "told" dom)
    let marks = Browser.values "marks" dom |> List.map int
    equal charts marks.Length

    for count in marks do
        between 2 100_000 count

    equal [ "0" ] (Browser.values "network" dom)
    // No chart is wider than its place.
    equal [ "[]" ] (Browser.values "cut" dom)
    // The page itself is never wider than the screen; wide tables scroll by themselves.
    between (-1000) 0 (Browser.values "wide" dom |> List.exactlyOne |> int)

[<Tests>]
let tests =
    testList
        "report"
        [
            test "claims are judged by what the records hold" {
                let _, store, page = made.Force()
                let text = File.ReadAllText page
                contains "best accuracy on all &gt; front" text

                let accuracies =
                    results store
                    |> Array.map (fun result -> result.Name, result.BestValidationAccuracy)

                let mean (case: string) =
                    accuracies
                    |> Array.filter (fun (name, _) -> name.StartsWith case)
                    |> Array.averageBy snd

                // Both seeds on both sides: a difference with an interval, whatever it is.
                let lines =
                    File.ReadAllLines(Path.Combine(store, "claims.csv")) |> Array.map _.Split(',')

                let line = lines |> Array.find (Array.contains "best accuracy on all > front")

                let cell name =
                    line[lines[0] |> Array.findIndex ((=) name)]

                let difference = mean "all" - mean "front"
                between (difference - 5e-10) (difference + 5e-10) (float (cell "difference"))
                equal "2" (cell "seeds_or_points")
            }

            test "tables show what the records hold" {
                let _, store, page = made.Value
                let html = File.ReadAllText page

                for result in results store do
                    let row =
                        Regex
                            .Match(
                                html,
                                "<tr><th scope=\"row\">"
                                + Regex.Escape result.Name
                                + "</th><td>finished</td>.*</tr>"
                            )
                            .Value

                    let percent (share: float) = (100.0 * share).ToString "F2" + "%"
                    contains (percent result.BestValidationAccuracy) row
                    contains (percent result.TestAccuracy) row
                    contains (result.Counts.Trained.ToString "N0") row
            }

            test "tidy files hold every epoch and the source's values" {
                let _, store, _ = made.Value

                let lines (name: string) =
                    File.ReadAllLines(Path.Combine(store, name))

                equal (1 + 6 * 2) (lines "epochs.csv").Length
                equal (1 + 6) (lines "runs.csv").Length
                equal (1 + 2) (lines "expected.csv").Length
                contains "90.00%" (File.ReadAllText(Path.Combine(store, "tables.md")))
            }

            test "a map of features is a record of the run, and is made once" {
                let source, store, page = made.Value
                let maps = Directory.GetFiles(store, "tsne-*.json", SearchOption.AllDirectories)
                equal 6 maps.Length
                let map = Seq.exactlyOne (FeatureMap.ReadAll(Path.GetDirectoryName maps[0]))
                equal 200 map.X.Length

                // A net that has learned tells digits apart better than pixels do, or hardly worse; by chance it is a tenth.
                between 0.6 1.0 map.NearestFeatures
                between 0.5 1.0 map.NearestMap
                let before = File.ReadAllText page
                let again = freeze [ "report"; source; "--store"; store; "-o"; page ]
                lacks "mapping" again.Errors
                equal before (File.ReadAllText page)
            }

            test "each run has its events for TensorBoard" {
                let _, store, _ = made.Value

                let files =
                    Directory.GetFiles(
                        Path.Combine(store, "events"),
                        "*tfevents*",
                        SearchOption.AllDirectories
                    )

                equal 6 files.Length
                // Under the names of runs, which say more than their hashes.
                includes "all seed=1" (files |> Array.map (Path.GetDirectoryName >> Path.GetFileName))
            }

            test "runs of one name have folders of their own" {
                let store, events, source = folder (), folder (), file quick

                let run () =
                    equal 0 (freeze [ "run"; source; "--store"; store; "--tensorboard"; events ]).Code

                run ()
                run ()

                let name = Directory.GetDirectories events |> Array.exactlyOne |> Path.GetFileName

                File.WriteAllText(source, quick.Replace("epochs 1", "epochs 2"))
                run ()

                let names =
                    Directory.GetDirectories events |> Array.map Path.GetFileName |> Array.sort

                equal 2 names.Length
                equal name names[0]
                startsWith (name + " (") names[1]
            }

            test "a folder that takes no events spoils no run" {
                let taken = file "a file, and no folder"

                let output =
                    freeze [ "run"; file quick; "--store"; folder (); "--tensorboard"; taken ]

                equal 0 output.Code
                contains "no more events are written" output.Errors
            }

            test "a report on runs that have not begun says so" {
                let store = folder ()
                let page = Path.Combine(store, "report.html")
                let output = freeze [ "report"; file quick; "--store"; store; "-o"; page ]
                equal 0 output.Code
                contains "1 of 1 runs have no result" output.Errors
                contains "no epoch of a run is recorded yet" (File.ReadAllText page)
            }

            test "a report that cannot be written says why" {
                let output = freeze [ "report"; file quick; "-o"; folder () ]
                refused "denied" output
            }

            test "a browser draws every chart without a complaint" {
                demandSound [ "--window-size=1280,900" ]
            }

            test "a phone in the dark shows the page in its width" {
                demandSound [ "--window-size=390,844"; "--blink-settings=preferredColorScheme=0" ]
            }

            test "axe finds nothing that keeps readers out" {
                let axe = Path.Combine(root, "artifacts/web/node_modules/axe-core/axe.min.js")

                if Browser.path.IsNone || not (File.Exists axe) then
                    skiptest
                        "there is no Chromium, or no axe-core (scripts/bundle-charts brings it): NOBODY HAS CHECKED THE REPORT'S ACCESSIBILITY"

                let _, _, page = made.Value

                let rules =
                    "{ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] }"

                // What is folded up is read too.
                let found =
                    "(document.querySelectorAll('details').forEach((part) => part.open = true), await axe.run(document, "
                    + rules
                    + ")).violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 200)).join(' | '))"

                for scheme in [ "0"; "1" ] do
                    let dom =
                        Browser.visit
                            [ "--window-size=1280,900"; "--blink-settings=preferredColorScheme=" + scheme ]
                            [ "axe", found ]
                            [ axe ]
                            page

                    let violations =
                        Browser.values "axe" dom
                        |> List.exactlyOne
                        |> JsonSerializer.Deserialize<string array>

                    equal [||] violations
            }

            // For docs/reports.md: FREEZE_PICTURES names the folder that the pictures go to.
            test "pictures for the documents are taken where they are asked for" {
                match System.Environment.GetEnvironmentVariable "FREEZE_PICTURES", Browser.path with
                | null, _
                | _, None -> skiptest "FREEZE_PICTURES does not ask for pictures"
                | target, Some _ ->
                    let _, _, page = made.Value

                    let take name options =
                        Browser.picture options (Path.Combine(target, name)) page

                    take "report.png" [ "--window-size=1100,1500"; "--blink-settings=preferredColorScheme=1" ]

                    take
                        "report-dark.png"
                        [ "--window-size=1100,1500"; "--blink-settings=preferredColorScheme=0" ]

                    take "report-phone.png" [ "--window-size=390,3000" ]

                    take
                        "report-whole.png"
                        [ "--window-size=1100,7500"; "--blink-settings=preferredColorScheme=1" ]

                    isTrue (FileInfo(Path.Combine(target, "report.png")).Length > 10_000L)
            }
        ]

[<Tests>]
let processes =
    testSequencedGroup "processes"
    <| testList
        "report in processes"
        [
            test
                "a run writes its events while it is trained, and one that was killed goes on with no step twice" {
                let store, events = folder (), folder ()

                let source =
                    file (quick.Replace("epochs 1", "epochs 8").Replace("images 640", "images 320"))

                let arguments =
                    [
                        "run"
                        source
                        "--store"
                        store
                        "--tensorboard"
                        events
                        "--checkpoint-every"
                        "0"
                    ]

                let started = start arguments

                let size () =
                    Directory.GetFiles(events, "*tfevents*", SearchOption.AllDirectories)
                    |> Array.sumBy (fun path -> FileInfo(path).Length)

                while size () = 0L do
                    System.Threading.Thread.Sleep 20

                // More comes while it is trained.
                let first = size ()

                while size () = first do
                    System.Threading.Thread.Sleep 20

                isFalse started.HasExited
                started.Kill()
                finish started |> ignore
                equal 0 (freeze arguments).Code

                let path =
                    Directory.GetFiles(events, "*tfevents*", SearchOption.AllDirectories)
                    |> Array.exactlyOne

                let read = readEvents path
                // Five of each epoch, mean and norm of four layers, and a histogram of each at start and end.
                contains $"{8 * (5 + 8)} scalars of 13 tags, 8 histograms, 1 texts" read
                matches @"loss/training: 1: \S+, 2: \S+, 3: \S+, 4: \S+, 5: " read
            }

            test "the README's verdicts are those of the records in docs/results" {
                let store, archive =
                    folder (), Path.Combine(root, "docs", "results", "records", "lenet.tar.xz")

                use tar = Process.Start("tar", [ "-xJf"; archive; "-C"; store ])
                tar.WaitForExit()
                equal 0 tar.ExitCode

                let page, tables =
                    Path.Combine(store, "page.html"), Path.Combine(store, "tables.md")

                let source = Path.Combine(root, "dsl-examples", "lenet-each-layer.frz")

                let report =
                    freeze [ "report"; source; "--store"; store; "-o"; page; "--markdown"; tables ]

                equal 0 report.Code

                let rows (text: string) =
                    text.Split('\n')
                    |> Array.skipWhile (fun line -> not (line.StartsWith "| verdict"))
                    |> Array.takeWhile (fun line -> line.StartsWith '|')

                let written = (File.ReadAllText tables)
                equal 7 (rows written).Length
                equal (rows written) (rows (File.ReadAllText(Path.Combine(root, "README.md"))))

                contains
                    (String.concat "\n" (rows written))
                    (File.ReadAllText(Path.Combine(root, "docs", "results", "README.md")))
            }
        ]
