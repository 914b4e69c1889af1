using Freeze.Report.Page;
using Freeze.Report.Tables;

namespace Freeze.Report.Tests;

public sealed class ConfusionTests
{
    private const string Two = """
        data mnist-sample; net lenet; epochs 1; seed 1..2
        case all { rest: train }
        case none { rest: fixed }
        """;

    private static string Page(ReportFile file) => ReportPage.Of([file], "", []);

    // Of two images of class 0 and three of class 1 one and two are right; nobody is of class 2.
    private static Confusion Small => ConfusionModule.ofAnswers(3, [0, 0, 1, 1, 1], [0, 1, 1, 1, 2]);

    [Fact]
    public void PrecisionAndRecallAreSharesOfAnswersAndOfImages()
    {
        Assert.Equal([[0, 0, 1], [0, 1, 1], [1, 1, 2], [1, 2, 1]], Small.Pairs);
        Assert.Equal(0.6, ConfusionModule.accuracy(Small));
        var classes = ConfusionModule.ofClasses(Small);
        Assert.Equal([0.5, 2.0 / 3, double.NaN], classes.Select(counts => counts.Recall));
        Assert.Equal([1, 2.0 / 3, 0], classes.Select(counts => counts.Precision));
        Assert.Equal([(0, 1, 1), (1, 2, 1)], ConfusionModule.mistakes(Small));
        Assert.Equal([[1, 1, 0], [0, 2, 1], [0, 0, 0]], ConfusionModule.matrix(Small));
    }

    [Fact]
    public void SeveralAreAddedUp() =>
        Assert.Equal(ConfusionModule.ofAnswers(3, [0, 0, 1, 1, 1, 0, 2], [0, 1, 1, 1, 2, 1, 0]),
            ConfusionModule.sum([Small, ConfusionModule.ofAnswers(3, [0, 2], [1, 0])]));

    [Theory]
    [InlineData("""{"classes":2,"pairs":[[0,2,1]]}""")]
    [InlineData("""{"classes":2,"pairs":[[0,1]]}""")]
    [InlineData("""{"classes":2,"pairs":[[0,1,0]]}""")]
    [InlineData("""{"classes":2,"pairs":[[-1,1,4]]}""")]
    public void WhatNoAnswersCanHaveLeftIsNotSound(string text) => Assert.False(ConfusionModule.isSound(Json.ofText<Confusion>(text)));

    [Fact]
    public void APageHasAMatrixOfAllSeedsForEachCaseThatIsKnown()
    {
        var page = Page(MadeUp.File(Two, (run, i) => MadeUp.Finished(run, i) with { Confusion = run.Name.Contains("all", StringComparison.Ordinal) ? Small : null }));

        Assert.Contains("<summary>all: 60.00% of 10 test images right in 2 runs; most frequent mistake: 0 predicted as 1 (2 images)</summary>", page, StringComparison.Ordinal);
        Assert.Contains("<td class=\"n shaded\" style=\"--shade: 0.67\">4</td>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<summary>none: ", page, StringComparison.Ordinal);
        Assert.DoesNotContain("Confusion matrices", Page(MadeUp.File(Two, MadeUp.Finished)), StringComparison.Ordinal);
    }

    [Fact]
    public void OfManyClassesTheMostFrequentMistakesAreShown()
    {
        // Class i is taken for the next one i times out of 100.
        int[] labels = [.. Enumerable.Range(0, 100).SelectMany(i => Enumerable.Repeat(i, 100))];
        var confusion = ConfusionModule.ofAnswers(100, labels, [.. labels.Select((label, i) => i % 100 < label ? (label + 1) % 100 : label)]);

        var table = ConfusionTable.Of(MadeUp.File(Two, (run, i) => MadeUp.Finished(run, i) with { Confusion = i == 0 ? confusion : null })).Single().Table;

        var rows = table.Rows.Select(row => string.Join(' ', row.Select(cell => cell.Text))).ToArray();
        Assert.Equal(20, rows.Length);
        Assert.Equal(["99 0 99 99.00%", "98 99 98 98.00%"], rows[..2]);
    }

    [Fact]
    public void TheCsvHasALineForEachPair()
    {
        var file = MadeUp.File(Two, (run, i) => MadeUp.Finished(run, i) with { Confusion = i == 3 ? Small : null });
        var lines = TidyFiles.Of([file]).Single(found => found.Name == "confusion.csv").Text.TrimEnd().Split("\r\n");
        Assert.Equal("file,run,hash,class,predicted,images,axis_seed,axis_case", lines[0]);
        Assert.Equal(5, lines.Length);
        Assert.EndsWith($",{file.Runs[3].Hash},1,2,1,2,none", lines[4], StringComparison.Ordinal);
    }
}
