using Freeze.Report.Page;
using Freeze.Report.Tables;

namespace Freeze.Report.Tests;

/// <summary>What reports show of nets whose stages learned one after the other.</summary>
public sealed class StageTests
{
    private const string Text = """
        data mnist-sample; validate 100; net two; epochs 1; seed 1..3; optimizer sgd; learn stage by stage
        search random 2 per stage by validation accuracy
        lr ~ 0.01 * 10^normal(0, 1)
        decay ~ 0.001 * 10^normal(0, 1)
        net two { stage 1 { conv 4 3x3; relu; maxpool 4 }; stage 2 { conv 8 3x3; relu }; classifier: linear classes }
        report { table stage lr, stage decay, seconds by SPLIT }
        """;

    private static readonly ReportFile ByRun = MadeUp.File(Text.Replace("SPLIT", "seed", StringComparison.Ordinal), MadeUp.Staged);

    // Of each stage of a run the rate of the optimizer that was kept.
    private static double[] Rates(RunRecords run) =>
        [.. ((Learning.StageByStage)run.Run.Recipe.Learning).Candidates.Select(tried => OptimizerModule.learningRate(tried[^1]))];

    private static string Shown(IEnumerable<double> values) =>
        string.Join(" / ", values.Select(value => value.ToString("G4", System.Globalization.CultureInfo.InvariantCulture)));

    [Fact]
    public void ATableHasTheRateThatWasKeptForEachStage()
    {
        var page = ReportPage.Of([ByRun], "", []);
        var markdown = MarkdownTables.Of([ByRun]);
        foreach (var run in ByRun.Runs)
        {
            Assert.Equal(2, Rates(run).Length);
            Assert.Contains($"<td class=\"n\">{Shown(Rates(run))}</td>", page, StringComparison.Ordinal);
            Assert.Contains($"| {Shown(Rates(run))} |", markdown, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void TheAccuracyOfEachStageIsThatOfItsOwnClassifier()
    {
        var run = ByRun.Runs[0];
        var stages = ((LearningRecord.StageByStage)run.Result!.Learning).Stages;
        var accuracies = stages.Select(stage => stage.Candidates[stage.Best].Epochs[^1].ValidationAccuracy).ToArray();
        Assert.Equal(accuracies, Measures.OfStages("stage accuracy", run));
        Assert.Equal(accuracies[1], Measures.Of("accuracy of stage 2", run));
        Assert.Null(Measures.Of("accuracy of stage 3", run));
        Assert.Equal("50.00%", Measures.Show("accuracy of stage 2", 0.5));
    }

    [Fact]
    public void SeveralRunsShowTheMedianOfEachStage()
    {
        var file = MadeUp.File(Text.Replace(" by SPLIT", "", StringComparison.Ordinal), MadeUp.Staged);
        var medians = Enumerable.Range(0, 2).Select(stage => file.Runs.Select(run => Rates(run)[stage]).Order().ElementAt(1));
        var page = ReportPage.Of([file], "", []);
        Assert.Contains("medians of 3 runs", page, StringComparison.Ordinal);
        Assert.Contains($">{Shown(medians)}</td>", page, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatHasNoStagesHasAGap()
    {
        var run = MadeUp.File("data mnist-sample; epochs 2", MadeUp.Finished).Runs[0];
        Assert.Null(Measures.OfStages("stage lr", run));
        Assert.Null(Measures.OfStages("test accuracy", ByRun.Runs[0]));
    }

    // Two are drawn, and the start of the search is tried as well.
    [Fact]
    public void EveryCandidateIsALineAndTheKeptOneIsMarked()
    {
        var lines = TidyFiles.Of([ByRun]).Single(file => file.Name == "stages.csv").Text.TrimEnd().Split("\r\n").Select(line => line.Split(',')).ToArray();
        int Column(string name) => Array.IndexOf(lines[0], name);
        Assert.Equal(1 + (3 * 2 * 3), lines.Length);
        Assert.Equal(
            ByRun.Runs.SelectMany(Rates),
            lines.Where(line => line[Column("kept")] == "yes")
                .Select(line => double.Parse(line[Column("lr")], System.Globalization.CultureInfo.InvariantCulture)));
    }
}
