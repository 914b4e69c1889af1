using System.Globalization;
using Freeze.Report.Statistics;
using Freeze.Report.Tables;

namespace Freeze.Report.Tests;

public sealed class TidyFileTests
{
    private static readonly ReportFile File = MadeUp.File(
        "data mnist-sample; net lenet; epochs 2; seed 1..2; expect accuracy 95 from \"a, b\"",
        MadeUp.Finished);

    private static string[][] Cells(string name) =>
    [
        .. TidyFiles.Of([File]).Single(file => file.Name == name).Text.TrimEnd().Split("\r\n").Select(line => line.Split(',')),
    ];

    [Fact]
    public void EveryEpochIsALineWithAllItsDigits()
    {
        var lines = Cells("epochs.csv");
        Assert.Equal(1 + 4, lines.Length);
        var accuracy = Array.IndexOf(lines[0], "validation_accuracy");
        Assert.Equal(
            File.Runs.SelectMany(run => run.Epochs).Select(epoch => epoch.ValidationAccuracy),
            lines.Skip(1).Select(line => double.Parse(line[accuracy], CultureInfo.InvariantCulture)));
    }

    [Fact]
    public void EveryLayerHasItsSizeAfterEachEpoch()
    {
        var lines = Cells("sizes.csv");
        Assert.Equal(1 + (2 * 2 * 4), lines.Length);
        Assert.Equal(["conv1", "conv2", "fc1", "fc2"], lines.Skip(1).Take(4).Select(line => line[Array.IndexOf(lines[0], "layer")]));
    }

    [Fact]
    public void RunsHaveColumnsForTheirAxes()
    {
        var lines = Cells("runs.csv");
        Assert.Contains("axis_seed", lines[0]);
        Assert.Equal(["1", "2"], lines.Skip(1).Select(line => line[Array.IndexOf(lines[0], "axis_seed")]));
        Assert.All(lines, line => Assert.Equal(lines[0].Length, line.Length));
    }

    [Fact]
    public void EveryFileHasTheAxes()
    {
        foreach (var (name, text) in TidyFiles.Of([File]))
        {
            var heading = text[..text.IndexOf("\r\n", StringComparison.Ordinal)].Split(',');
            Assert.True(heading.Contains("axis_seed"), name);
            Assert.Equal(heading.Length, heading.Distinct().Count());
        }
    }

    [Fact]
    public void BinsOfHistogramsAreLinesAndAddUpToTheWeights()
    {
        var values = Magnitudes.Of([-1, 0, 0, 2]);
        var file = MadeUp.File("data mnist-sample; epochs 1", (run, i) =>
            MadeUp.Finished(run, i) with { Weights = [new LayerStatistics("conv1", "conv", WeightPart.Learned, values, values)] });
        var lines = TidyFiles.Of([file]).Single(found => found.Name == "histograms.csv").Text.TrimEnd().Split("\r\n").Select(line => line.Split(',')).ToArray();
        double[] Column(string name) =>
            [.. lines.Skip(1).Where(line => line.Contains("end")).Select(line => double.Parse(line[Array.IndexOf(lines[0], name)], CultureInfo.InvariantCulture))];
        Assert.Equal(4, Column("count").Sum());
        Assert.Equal((-1, 2), (Column("from").Min(), Math.Round(Column("to").Max(), 9)));
    }

    [Fact]
    public void TextsWithCommasAreQuoted() =>
        Assert.Contains(",0.95,\"a, b\",", TidyFiles.Of([File]).Single(file => file.Name == "expected.csv").Text, StringComparison.Ordinal);

    [Fact]
    public void MarkdownTablesHaveAsManyCellsInEachLine()
    {
        var lines = MarkdownTables.Of([File]).Split('\n').Where(line => line.StartsWith('|')).ToArray();
        Assert.Equal(3, lines.Length);
        Assert.Single(lines.Select(line => line.Count(c => c == '|')).Distinct());
    }
}
