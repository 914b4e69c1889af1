using System.Text.Json;
using Freeze.Report.Charts;

namespace Freeze.Report.Tests;

public sealed class AxisChartTests
{
    private const string Shares = """
        data mnist-sample; net lenet; epochs 2; seed 1..3
        let p = [0.4, 0, 0.1]
        case fixed { fc1: train p units at least 1; rest: fixed }
        case zero { fc1: train p units at least 1; rest: zero }
        case all { rest: train }
        report { plot best accuracy against p; plot best accuracy against p (log); plot test accuracy against case for seed; plot test accuracy against case }
        """;

    private static Chart? Chart(ReportFile file, int number)
    {
        var item = (ReportItem.AxisPlot)file.Items[number];
        return AxisChart.Of(file, item.Measures[0], item);
    }

    private static JsonElement Json(Chart? chart) => JsonDocument.Parse(chart!.ToJson()).RootElement;

    private static double[] Numbers(JsonElement chart, string field) =>
        [.. chart.GetProperty("data").GetProperty("points").GetProperty(field).EnumerateArray().Select(value => value.GetDouble())];

    private static string[] Words(JsonElement chart, string field)
    {
        var column = chart.GetProperty("data").GetProperty("points").GetProperty(field);
        string[] words = [.. column.GetProperty("words").EnumerateArray().Select(word => word.GetString()!)];
        return [.. column.GetProperty("codes").EnumerateArray().Select(code => words[code.GetInt32()])];
    }

    private static double Best(RunRecords run) => run.Result!.BestValidationAccuracy;

    [Fact]
    public void ALineOfMeansAndDeviationsForEachCase()
    {
        var file = MadeUp.File(Shares, MadeUp.Finished);
        var chart = Json(Chart(file, 0));

        var (x, mean, deviation, n) = (Numbers(chart, "x"), Numbers(chart, "y"), Numbers(chart, "deviation"), Numbers(chart, "n"));
        var series = Words(chart, "series");
        var places = x.Zip(series).ToArray();
        Assert.Equal(
            [(0, "fixed"), (0, "zero"), (0.1, "fixed"), (0.1, "zero"), (0.4, "fixed"), (0.4, "zero")],
            places.Order());
        for (var i = 0; i < places.Length; i++)
        {
            double[] values =
            [
                .. file.Runs.Where(run => ReportFile.Value(run, "case") == places[i].Second
                    && double.Parse(ReportFile.Value(run, "p"), System.Globalization.CultureInfo.InvariantCulture) == places[i].First).Select(Best),
            ];
            Assert.Equal(3, values.Length);
            Assert.Equal(3, n[i]);
            Assert.Equal(values.Average(), mean[i], 1e-6);
            Assert.Equal(Math.Sqrt(values.Sum(value => Math.Pow(value - values.Average(), 2)) / 2), deviation[i], 1e-6);
            Assert.Equal(mean[i] - deviation[i], Numbers(chart, "low")[i], 1e-5);
        }
    }

    [Fact]
    public void ALogarithmicAxisLeavesOutWhatItCannotShowAndSaysSo()
    {
        var chart = Chart(MadeUp.File(Shares, MadeUp.Finished), 1);

        Assert.DoesNotContain(0, Numbers(Json(chart), "x"));
        Assert.Contains("Not shown: 2 points at 0 or less, which a logarithmic axis cannot show. Not shown: 3 finished runs without p", chart!.Description, StringComparison.Ordinal);
        Assert.Equal("log", Json(chart).GetProperty("spec").GetProperty("encoding").GetProperty("x").GetProperty("scale").GetProperty("type").GetString());
    }

    [Fact]
    public void WordsStandInTheOrderOfTheFile()
    {
        var chart = Json(Chart(MadeUp.File(Shares, MadeUp.Finished), 3));
        var x = chart.GetProperty("spec").GetProperty("encoding").GetProperty("x");

        Assert.Equal("ordinal", x.GetProperty("type").GetString());
        // No line goes on from one word to the next.
        Assert.DoesNotContain("\"line\"", chart.GetProperty("spec").GetProperty("layer").GetRawText(), StringComparison.Ordinal);
        Assert.Equal(["fixed", "zero", "all"], x.GetProperty("sort").EnumerateArray().Select(word => word.GetString()!));
        // The other axis tells its runs apart, and those that have none.
        Assert.Equal(["p=0", "p=0.1", "p=0.4", "without p"], Words(chart, "series").Distinct().Order());
    }

    [Fact]
    public void LinesOfAxesThatAreNamedAreMeansOverTheOthers()
    {
        var file = MadeUp.File(Shares, MadeUp.Finished);
        var chart = Json(Chart(file, 2));

        Assert.Equal(9, Numbers(chart, "y").Length);
        // Three values of p, but in the case without it.
        Assert.Equal([3, 3, 1, 3, 3, 1, 3, 3, 1], Numbers(chart, "n"));
        Assert.Equal(["seed=1", "seed=2", "seed=3"], Words(chart, "series").Distinct().Order());
    }

    [Fact]
    public void TheDescriptionSaysWhatTheChartShows()
    {
        var file = MadeUp.File(Shares, MadeUp.Finished);
        var means = file.By(["case", "p"]).Where(group => group.Values[1].Length > 0).Select(group => (Mean: group.Runs.Average(Best), group.Values)).ToArray();
        var (mean, values) = means.MaxBy(group => group.Mean);

        var description = Chart(file, 0)!.Description;

        Assert.StartsWith("Best accuracy against p: 2 groups of runs at 3 values", description, StringComparison.Ordinal);
        Assert.Contains($"highest {Measures.Show("best accuracy", mean)} (p {values[1]}, {values[0]})", description, StringComparison.Ordinal);
        Assert.Contains("one standard deviation", description, StringComparison.Ordinal);
    }

    [Fact]
    public void RunsWithoutTheAxisAreCountedAndUnfinishedOnesNotShown()
    {
        const string Text = """
            data mnist-sample; net lenet; epochs 2
            case share { let p = [0.1, 0.4]; conv: train p filters }
            case all { rest: train }
            report { plot best accuracy against p }
            """;
        var chart = Chart(MadeUp.File(Text, MadeUp.Finished), 0);
        Assert.Contains("1 group of runs at 2 values", chart!.Description, StringComparison.Ordinal);
        Assert.Contains("Not shown: 1 finished run without p", chart.Description, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1 filter, 5", "quantitative")]
    [InlineData("0, 1, 5", "quantitative")]
    [InlineData("0.1, 40%, 1.0", "quantitative")]
    [InlineData("0.1, 1 filter", "ordinal")]
    public void CountsAndFractionsAreOfDifferentScales(string values, string type)
    {
        var text = $"data mnist-sample; net lenet; epochs 2; let p = [{values}]; conv: train p filters; report {{ plot best accuracy against p }}";
        var chart = Json(Chart(MadeUp.File(text, MadeUp.Finished), 0));
        Assert.Equal(type, chart.GetProperty("spec").GetProperty("encoding").GetProperty("x").GetProperty("type").GetString());
    }

    [Fact]
    public void AValueWithoutAFinishedRunIsAGapInItsLine()
    {
        const string Text = "data mnist-sample; net lenet; epochs 2; let p = [0.1, 0.2, 0.4]; conv: train p filters; report { plot best accuracy against p }";
        var points = Json(Chart(MadeUp.File(Text, (run, i) => i == 1 ? MadeUp.Missing(run, i) : MadeUp.Finished(run, i)), 0)).GetProperty("data").GetProperty("points");
        Assert.Equal([false, true, false], points.GetProperty("y").EnumerateArray().Select(y => y.ValueKind == JsonValueKind.Null));
        Assert.Null(Chart(MadeUp.File(Text, MadeUp.Missing), 0));
    }
}
