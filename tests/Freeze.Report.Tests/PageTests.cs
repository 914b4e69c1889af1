using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Freeze.Report.Maps;
using Freeze.Report.Page;
using Freeze.Report.Statistics;
using Freeze.Report.Tables;

namespace Freeze.Report.Tests;

public sealed partial class PageTests
{
    private const string Shares = """
        data mnist-sample; net lenet; epochs 3; seed 1..2
        case all { rest: train }
        case share { let p = [0.1, 0.4]; conv: train p filters }
        expect best accuracy 91.5 on 0.1 from "Table 2"
        report { table best accuracy, trained parameters by case, p; plot training error, validation error by epoch for case, p }
        """;

    [GeneratedRegex("<tr><th scope=\"row\">.*?</tr>", RegexOptions.Singleline)]
    private static partial Regex Row { get; }

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tag { get; }

    private static string Page(ReportFile file, string script = "") => ReportPage.Of([file], script, ["train", "net"]);

    private static string[] Rows(string page) =>
        [.. Row.Matches(page).Select(row => Tag.Replace(row.Value.Replace("</t", " </t", StringComparison.Ordinal), "").Trim())];

    [GeneratedRegex("""<h\d>([^<]*)</h\d>\n<figure.*?<script type="application/json">(.*?)</script>""", RegexOptions.Singleline)]
    private static partial Regex Drawn { get; }

    private static (string Title, string Json)[] Charts(string page) =>
        [.. Drawn.Matches(page).Select(chart => (chart.Groups[1].Value, chart.Groups[2].Value))];

    private static string Percent(double share) => (100 * share).ToString("F2", CultureInfo.InvariantCulture) + "%";

    [Fact]
    public void TablesShowWhatTheRecordsHold()
    {
        var file = MadeUp.File(Shares, MadeUp.Finished);
        var rows = Rows(Page(file));
        foreach (var group in file.Runs.GroupBy(run => ReportFile.Value(run, "p")))
        {
            var best = group.Select(run => run.Result!.BestValidationAccuracy).ToArray();
            var trained = group.First().Result!.Counts.Trained.ToString("N0", CultureInfo.InvariantCulture);
            var row = Assert.Single(rows, row => row.StartsWith(group.Key.Length == 0 ? "all  " : $"share {group.Key} ", StringComparison.Ordinal)
                && !row.Contains("finished", StringComparison.Ordinal) && row.Contains(trained, StringComparison.Ordinal) && row.EndsWith(" 2", StringComparison.Ordinal));
            Assert.Contains(Percent(best.Average()), row, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void TheSourcesValueStandsBesideTheMeasuredOne()
    {
        var file = MadeUp.File(Shares, MadeUp.Finished);
        var measured = file.Runs.Where(run => ReportFile.Value(run, "p") == "0.1").Average(run => run.Result!.BestValidationAccuracy);
        var below = 100 * (0.915 - measured);
        var row = Rows(Page(file)).First(row => row.StartsWith("share 0.1 ", StringComparison.Ordinal));
        Assert.Contains("91.50%", row, StringComparison.Ordinal);
        Assert.Contains($"−{below.ToString("F2", CultureInfo.InvariantCulture)} pt", row, StringComparison.Ordinal);
    }

    [Fact]
    public void RunsWithoutRecordsAreGapsAndCounted()
    {
        var page = Page(MadeUp.File(Shares, (run, i) => i == 0 ? MadeUp.Finished(run, i) : MadeUp.Missing(run, i)));
        Assert.Contains("5 of 6 runs have no result yet", page, StringComparison.Ordinal);
        Assert.Contains(Rows(page), row => row.Contains('–') && row.EndsWith("0 of 2", StringComparison.Ordinal));
    }

    [Fact]
    public void ARunUnderWayShowsItsCurveAndNoValueInTables()
    {
        var page = Page(MadeUp.File(Shares, (run, i) =>
        {
            var whole = MadeUp.Finished(run, i);
            return whole with { Epochs = whole.Epochs[..1], Result = null };
        }));
        Assert.Contains("\"curves\":{\"x\":[1,1,1", page, StringComparison.Ordinal);
        Assert.Contains(Rows(page), row => row.EndsWith("0 of 2", StringComparison.Ordinal));
    }

    [Fact]
    public void NoWordOfARecordBecomesMarkup()
    {
        const string Attack = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&";
        var file = MadeUp.File(Shares, (run, i) =>
        {
            var named = new Run(Attack, Attack, [new Axis("case", AxisValue.NewWord(Attack)), new Axis("p", AxisValue.NewWord(Attack + i))], Place.Alone, Attack,
                [new Expectation("best accuracy", 1, Attack)], run.Recipe);
            var records = MadeUp.Finished(named, i);
            return records with
            {
                Failure = new RunFailure("", "", Attack, Attack),
                Times = [.. records.Times.Select(time => new EpochTime(time.Epoch, 1, 1, time.Ended, Attack, 1, "", 0))],
                Machines = [new MachineRecord(Attack, Attack)],
                Sizes = [new WeightRecord(1, [new LayerSize(Attack, 1, 1, 1)])],
                Maps = [new(LastRead(run), [1, 2], [3, 4], [0, 1], 1, 1, 1, 1, 30, ["AAAA"])],
            };
        });
        file = file with { Path = Attack, Text = Attack, Revision = Attack, Profile = Attack, Items = [.. file.Items, ReportItem.NewTsne(0, 10)] };
        var page = Page(file);
        Assert.DoesNotContain("<script>alert", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<img", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("onerror=alert(1)>", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<script>alert", MarkdownTables.Of([file]), StringComparison.OrdinalIgnoreCase);

        // Each script element that begins also ends, and none is there but the charts' data and what draws them.
        Assert.Equal(Regex.Count(page, "<figure") + 1, Regex.Count(page, "<script"));
        Assert.Equal(Regex.Count(page, "<script"), Regex.Count(page, "</script"));
    }

    private static RunRecords WithWeights(Run run, int number)
    {
        var (start, end) = (Magnitudes.Of([-1, 0, 1, 2]), Magnitudes.Of([-3, 0, 1, 3]));
        return MadeUp.Finished(run, number) with
        {
            Weights =
            [
                new LayerStatistics("conv1", "conv", WeightPart.Learned, start, end),
                new LayerStatistics("conv1", "conv", WeightPart.Fixed, start, start),
            ],
        };
    }

    [Fact]
    public void WeightsAskedForAreShownByLayerByEpochAndAsHistograms()
    {
        var page = Page(MadeUp.File("data mnist-sample; net lenet; epochs 3; let k = 0..9; optimizer sgd(lr k * 0.01 + 0.01); report { weights norm by layer }", WithWeights));
        Assert.Contains("Norm by layer of lenet", page, StringComparison.Ordinal);

        // From the start on: sqrt(1 + 1 + 4), then what the epochs' records say.
        Assert.Contains("\"epoch\":[0,1,2,3,1,2,3", page, StringComparison.Ordinal);
        Assert.Contains("\"y\":[2.44949,3,3,3,3,3", page, StringComparison.Ordinal);
        Assert.Contains("[\"learned, at the start\",\"learned, at the end\",\"fixed\"]", page, StringComparison.Ordinal);
        Assert.Equal(4, Regex.Count(page, "<h2>Weights of"));
        Assert.DoesNotContain("\"line\"", Charts(page).First(chart => chart.Title == "Norm by layer of lenet").Json, StringComparison.Ordinal);
    }

    [Fact]
    public void NetsOfManyLayersShowSomeAndSaySo()
    {
        var page = Page(MadeUp.File("data cifar10; net wrn(16, 1); epochs 1; report { weights mean |w| by layer }", MadeUp.Finished));
        Assert.Matches("[.] 12 of [0-9]+ layers are shown", page);
    }

    [Fact]
    public void AChartHasOneUnit()
    {
        var file = MadeUp.File(
            "data mnist-sample; net lenet; epochs 3; report { plot training accuracy, training loss, validation error by epoch }", MadeUp.Finished);
        var charts = Charts(Page(file)).Where(chart => chart.Title.EndsWith("by epoch", StringComparison.Ordinal) && chart.Json.Contains("\"curves\"", StringComparison.Ordinal)).ToArray();
        Assert.Equal(["Training accuracy, validation error by epoch", "Training loss by epoch"], charts.Select(chart => chart.Title));
        Assert.Equal([true, false], charts.Select(chart => chart.Json.Contains("\"format\":\"%\"", StringComparison.Ordinal)));
    }

    [Fact]
    public void ACurveHasAGapWhereItsRunsHaveNoFiniteValue()
    {
        var file = MadeUp.File("data mnist-sample; net lenet; epochs 3; report { plot training loss by epoch }", (run, i) =>
        {
            var finished = MadeUp.Finished(run, i);
            var second = finished.Epochs[1];
            return finished with
            {
                Epochs = [finished.Epochs[0], new EpochRecord(2, double.NaN, second.TrainingAccuracy, second.ValidationLoss, second.ValidationAccuracy), finished.Epochs[2]],
            };
        });
        Assert.Contains("\"y\":[2,null,0.666667]", Page(file), StringComparison.Ordinal);
    }

    [Fact]
    public void OneEpochIsARowForEachGroupOfRuns()
    {
        var file = MadeUp.File("data mnist-sample; net lenet; epochs 1; let k = 0..2; first k layers: fixed", MadeUp.Finished);
        var (_, json) = Assert.Single(Charts(Page(file)), chart => chart.Title == "Training error, validation error after the first epoch");
        Assert.Contains("\"y\":{\"field\":\"series\"", json, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatNobodyAskedForIsFoldedUp()
    {
        var page = Page(MadeUp.File("data mnist-sample; net lenet; epochs 3; let k = 0..3; first k layers: fixed", WithWeights));
        foreach (var title in new[] { "Best accuracy against trained parameters", "Weights by layer", "Weights by epoch", "Histograms of weights", "Time of each epoch" })
        {
            Assert.Contains($"<details><summary>{title}</summary>", page, StringComparison.Ordinal);
        }

        var seen = Regex.Replace(page, "<details>.*?</details>", "", RegexOptions.Singleline);
        Assert.Equal("Training error, validation error by epoch", Assert.Single(Charts(seen)).Title);
    }

    [Fact]
    public void ClaimsComeFirstWithTheirVerdict()
    {
        const string Text = "data mnist-sample; net lenet; epochs 1; case a { conv1: fixed }; case b { conv2: fixed }; report { table best accuracy by case; claim accuracy on a > b }";
        var page = Page(MadeUp.File(Text, MadeUp.Finished));
        Assert.Contains("<dl class=\"facts\"><div><dt>1 claim</dt><dd>1 seed: no interval</dd></div>", page, StringComparison.Ordinal);
        Assert.True(page.IndexOf("<h2>Claims", StringComparison.Ordinal) < page.IndexOf("<h2>Best accuracy by case", StringComparison.Ordinal));
        Assert.Contains("<tr><td class=\"verdict gap\">1 seed: no interval</td><th scope=\"row\">accuracy on a &gt; b</th>", page, StringComparison.Ordinal);
    }

    // Of the node that was asked for, and of each run the largest map that was.
    [Fact]
    public void MapsOfRunsStandSideBySide()
    {
        static FeatureMap Map(string node, int images) => new(
            node, [.. Enumerable.Range(0, images).Select(i => (double)i)], new double[images], new int[images], 1, 0.5, 0.75, 1, 30, []);
        var file = MadeUp.File("data mnist-sample; net lenet; epochs 1; seed 1..3; report { tsne last stage, 20 samples }", (run, i) =>
            MadeUp.Finished(run, i) with { Maps = [Map("conv1", 20), Map(LastRead(run), 10), Map(LastRead(run), 20), Map(LastRead(run), 40)] });
        var page = Page(file);
        var (title, json) = Assert.Single(Charts(page), chart => chart.Title.Contains("t-SNE", StringComparison.Ordinal));
        Assert.Equal($"Maps of the features at {LastRead(file.Runs[0].Run)} (t-SNE)", title);
        var data = JsonDocument.Parse(json).RootElement.GetProperty("data").GetProperty("images");
        Assert.Equal(3 * 20, data.GetProperty("x").GetArrayLength());
        Assert.Equal(file.Runs.Select(run => run.Run.Name), data.GetProperty("run").GetProperty("words").EnumerateArray().Select(word => word.GetString()));
        Assert.Equal(3, Rows(page).Count(row => row.EndsWith("50.00% 75.00% 100.00% 30 1.000", StringComparison.Ordinal)));
    }

    // What the last layer of a net without stages reads.
    private static string LastRead(Run run) => run.Recipe.Net.Nodes[run.Recipe.Net.Nodes[^1].Inputs[0]].Name;

    [Fact]
    public void ProcessorsAreNamedWhereRunsComeFrom() =>
        Assert.Contains(Rows(Page(MadeUp.File(Shares, MadeUp.Finished))), row => row.StartsWith("processors", StringComparison.Ordinal) && row.EndsWith("Processor 7", StringComparison.Ordinal));

    [Fact]
    public void AProfileIsStatedLoudly()
    {
        var file = MadeUp.File(Shares, MadeUp.Finished) with { Profile = "quick" };
        Assert.Contains("Profile “quick” is in force", Page(file).Replace("&#8220;", "“", StringComparison.Ordinal).Replace("&#8221;", "”", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void TheScriptCanStandInAPage()
    {
        Assert.DoesNotContain("</script", ChartScript.Text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<!--", ChartScript.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void MadeAgainThePageIsTheSame()
    {
        static string Made() => Page(MadeUp.File(Shares, MadeUp.Finished));
        Assert.Equal(Made(), Made());
    }

    [Fact]
    public void AFileThatAsksForNothingHasTablesAndCurvesByItsAxes()
    {
        var page = Page(MadeUp.File("data mnist-sample; net lenet; epochs 2; let k = 0..2; first k layers: fixed", MadeUp.Finished));
        Assert.Contains("Best accuracy, test accuracy, trained parameters, seconds per epoch by k", page, StringComparison.Ordinal);
        Assert.Contains("Training error, validation error by epoch", page, StringComparison.Ordinal);
    }

    [Fact]
    public void AThousandRunsOfAHundredEpochsStayUsable()
    {
        var file = MadeUp.File(
            "data mnist-sample; net lenet; epochs 100; let rate = 1..500; optimizer sgd(lr rate * 1e-4); seed 1..2", MadeUp.Finished);
        Assert.Equal(1000, file.Runs.Count);
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        var length = Page(file).Length;
        TestContext.Current.SendDiagnosticMessage($"a page of 1,000 runs: {length:N0} characters, {System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s");
        Assert.InRange(length, 100_000, 15_000_000);
    }
}
