using System.Globalization;
using Freeze.Report.Charts;
using Freeze.Report.Claims;
using Freeze.Report.Page;
using Freeze.Report.Tables;
using Xunit;

namespace Freeze.Report.Tests;

/// <summary>What results say of the claims of a file.</summary>
public sealed class ClaimTests
{
    private const string Cases =
        "data mnist-sample; epochs 1; seed 1..3; init [torch, he]; case a { conv1: fixed }; case b { let k = 1..2; first k layers: fixed }\n";

    /// <summary>Runs whose accuracy on the judged images is given by what a run is called by.</summary>
    private static JudgedClaim Judge(string text, Func<RunRecords, double?> accuracy)
    {
        var file = MadeUp.File(text, (run, number) =>
        {
            var finished = MadeUp.Finished(run, number);
            return accuracy(finished) is { } value
                ? finished with { Epochs = [new EpochRecord(1, 1, 0.5, 1, value)] }
                : MadeUp.Missing(run, number);
        });
        return Assert.Single(JudgedClaim.Of(file));
    }

    private static string Axis(RunRecords run, string axis) => ReportFile.Value(run, axis);

    private static JudgedClaim TwoCases(string claim, params double[] differences) => Judge(
        $"data mnist-sample; epochs 1; seed 1..{differences.Length}; case a {{ conv1: fixed }}; case b {{ conv2: fixed }}\nreport {{ claim {claim} }}",
        run => 0.5 + (0.01 * run.Run.Recipe.Seed) + (Axis(run, "case") == "a" ? differences[run.Run.Recipe.Seed - 1] : 0));

    // Means 0.02, deviation 0.01: the interval is 4.302653 * 0.01 / sqrt(3) on each side.
    [Fact]
    public void TheIntervalIsStudentsOverDifferencesOfTheSameSeed()
    {
        var part = Assert.Single(TwoCases("accuracy on a > b", 0.01, 0.02, 0.03).Parts);
        Assert.Equal(0.02, part.Estimate, 1e-12);
        Assert.Equal(0.0248414, part.Band, 1e-6);
        Assert.Equal(3, part.Count);
        Assert.Equal(Verdict.Leans, part.Verdict);
        Assert.Equal(("54.00% and 52.00%", "+2.00 pt", "−0.48 to +4.48 pt"), (part.Measured, part.Difference, part.Interval));
    }

    [Theory]
    [InlineData("accuracy on a > b", Verdict.Holds, 0.02, 0.021, 0.022)]
    [InlineData("accuracy on a < b", Verdict.Fails, 0.02, 0.021, 0.022)]
    [InlineData("accuracy on a < b", Verdict.Holds, -0.02, -0.021, -0.022)]
    [InlineData("accuracy on a > b", Verdict.LeansAgainst, 0.01, -0.03)]
    [InlineData("accuracy on a > b", Verdict.OneSeed, 0.02)]
    [InlineData("accuracy on a > b", Verdict.OneSeed, -0.02)]
    [InlineData("accuracy on a within 3 of b", Verdict.Holds, 0.02, 0.021, 0.022)]
    [InlineData("accuracy on a within 3 of b", Verdict.Leans, 0.02, 0.022, 0.036)]
    [InlineData("accuracy on a within 1 of b", Verdict.Fails, 0.02, 0.021, 0.022)]
    [InlineData("accuracy on a within 1 of b", Verdict.LeansAgainst, 0.02, -0.03, 0.07)]
    [InlineData("accuracy on a within 3 of b", Verdict.OneSeed, 0.02)]
    [InlineData("accuracy on a > b", Verdict.Fails, 0.0, 0.0, 0.0)]
    public void AVerdictSaysWhereTheIntervalLies(string claim, Verdict expected, params double[] differences) =>
        Assert.Equal(expected, Assert.Single(TwoCases(claim, differences).Parts).Verdict);

    [Fact]
    public void OneSeedIsGreyAndHasNoInterval()
    {
        var claim = TwoCases("accuracy on a > b", 0.02);
        Assert.Equal("1 seed: no interval", claim.Summary);
        var cells = Assert.Single(ClaimTable.Of([claim]).Rows);
        Assert.Equal(("1 seed: no interval", "verdict gap"), (cells[0].Text, cells[0].Tone));
        Assert.Equal(["accuracy on a > b", "53.00% and 51.00%", "+2.00 pt", "–", "1"], cells.Skip(1).Select(cell => cell.Text));
    }

    [Theory]
    [InlineData("2 of 2 hold", Verdict.Holds, Verdict.Holds)]
    [InlineData("1 of 4 holds, 1 holds on average, 1 fails, 1 open", Verdict.Open, Verdict.Fails, Verdict.Holds, Verdict.Leans)]
    [InlineData("2 of 3 fail on average, 1 with 1 seed: no interval", Verdict.OneSeed, Verdict.LeansAgainst, Verdict.LeansAgainst)]
    [InlineData("2 of 2 open", Verdict.Open, Verdict.Open)]
    [InlineData("fails", Verdict.Fails)]
    [InlineData("open")]
    public void ASummarySaysHowManyHoldOfHowMany(string summary, params Verdict[] verdicts) =>
        Assert.Equal(summary, Verdicts.Summary(verdicts));

    // Differences of 0.1 - 0.01, - 0.02 and - 0.03: mean 0.08, and the interval of the first test.
    [Fact]
    public void MeasuresOfTheSameRunsAreComparedSeedBySeed()
    {
        var file = MadeUp.File(
            "data mnist-sample; epochs 1; seed 1..3; case a { conv1: fixed }; case b { conv2: fixed }\n"
            + "report { claim training accuracy > validation accuracy; claim training accuracy < validation accuracy on a }",
            (run, number) => MadeUp.Finished(run, number) with
            {
                Epochs = [new EpochRecord(1, 1, 0.9, 1, 0.8 + (0.01 * run.Recipe.Seed))],
            });
        var claims = JudgedClaim.Of(file);
        Assert.Equal(["a", "b"], claims[0].Parts.Select(part => part.Where));
        Assert.All(claims[0].Parts, part => Assert.Equal((Verdict.Holds, "90.00% and 82.00%", "+8.00 pt"), (part.Verdict, part.Measured, part.Difference)));
        Assert.Equal("training accuracy < validation accuracy on a", claims[1].Text);
        Assert.Equal(("a", Verdict.Fails), (Assert.Single(claims[1].Parts).Where, claims[1].Parts[0].Verdict));
    }

    [Fact]
    public void RatesOfStagesAreComparedWithinARun()
    {
        var file = MadeUp.File(
            "data cifar10; validate 100; net cnn7; learn stage by stage; stage 2 { lr 0.02 }; stage 3 { lr 0.005 }\n"
            + "report { claim lr of stage 1 < lr of stage 2 < lr of stage 3; claim decay of stage 4 > decay of stage 1 }",
            MadeUp.Staged);
        var claims = JudgedClaim.Of(file);
        Assert.Equal(
            [("lr of stage 1 < lr of stage 2", "0.01 and 0.02", -0.01), ("lr of stage 2 < lr of stage 3", "0.02 and 0.005", 0.015)],
            claims[0].Parts.Select(part => (part.Where, part.Measured, Math.Round(part.Estimate, 12))));
        Assert.All(claims[0].Parts, part => Assert.Equal(Verdict.OneSeed, part.Verdict));
        Assert.Equal(Verdict.Open, Assert.Single(claims[1].Parts).Verdict);
    }

    [Fact]
    public void ANetThatLearnsTogetherIsNotComparedByItsStages()
    {
        var file = MadeUp.File(
            "data cifar10; validate 100; net cnn2; case staged { learn stage by stage }; case together { }\n"
            + "report { claim accuracy of stage 1 < accuracy of stage 2 }",
            (run, number) => run.Recipe.Learning.IsStageByStage ? MadeUp.Staged(run, number) : MadeUp.Finished(run, number));
        Assert.Equal("staged", Assert.Single(JudgedClaim.Of(file)[0].Parts).Where);
    }

    [Fact]
    public void ANetWithoutAStageIsNotComparedByIt()
    {
        var file = MadeUp.File(
            "data cifar10; validate 100; net [cnn1, cnn2]; learn stage by stage; report { claim lr of stage 1 < lr of stage 2 }",
            MadeUp.Staged);
        Assert.Equal("cnn2", Assert.Single(JudgedClaim.Of(file)[0].Parts).Where);
    }

    [Fact]
    public void SidesAreComparedWhereAllElseIsAlike()
    {
        var claim = Judge(
            Cases + "report { claim accuracy on a > b }",
            run => Axis(run, "case") == "a" ? 0.9 : Axis(run, "init") == "torch" ? 0.8 : 0.95);
        Assert.Equal(
            [("init=torch, k=1", Verdict.Holds), ("init=torch, k=2", Verdict.Holds), ("init=he, k=1", Verdict.Fails), ("init=he, k=2", Verdict.Fails)],
            claim.Parts.Select(part => (part.Where, part.Verdict)));
        Assert.Equal("2 of 4 hold, 2 fail", claim.Summary);
    }

    [Fact]
    public void AxesThatMoveTogetherWithANamedOneDoNotKeepSidesApart()
    {
        var claim = Judge(
            "data mnist-sample; epochs 1; seed 1..3; (init, batch) = [(torch, 64), (he, 128)]; let k = 1..2; first k layers: fixed\n"
            + "report { claim accuracy on torch > he }",
            run => Axis(run, "init") == "torch" ? 0.9 : 0.8);
        Assert.Equal(["k=1", "k=2"], claim.Parts.Select(part => part.Where));
    }

    [Fact]
    public void AChainIsComparedLinkByLink()
    {
        var claim = Judge(
            Cases + "report { claim accuracy on torch a < torch b 1 < torch b 2 }",
            run => Axis(run, "k") switch { "1" => 0.6, "2" => 0.7, _ => 0.5 });
        Assert.Equal(["torch a < torch b 1", "torch b 1 < torch b 2"], claim.Parts.Select(part => part.Where));
        Assert.Equal("2 of 2 hold", claim.Summary);
    }

    [Fact]
    public void WhatIsNotFinishedLeavesAClaimOpen()
    {
        var claim = Judge(Cases + "report { claim accuracy on torch a > torch b 1 }", run => Axis(run, "case") == "a" ? 0.5 : null);
        Assert.Equal(Verdict.Open, Assert.Single(claim.Parts).Verdict);
        Assert.Equal("open", claim.Summary);
    }

    [Fact]
    public void PairsWithoutResultsAreCounted()
    {
        var claim = Judge(Cases + "report { claim accuracy on a > b }", run => Axis(run, "init") == "he" ? null : Axis(run, "case") == "a" ? 0.6 : 0.5);
        Assert.Equal("2 of 4 hold, 2 open", claim.Summary);
    }

    [Fact]
    public void TheSeedsOfAPointOfALineAreOnePoint()
    {
        var claim = Judge(
            "data mnist-sample; epochs 1; let k = 0..3; first k layers: fixed; seed 1..3\nreport { claim accuracy rises with trained parameters (log) }",
            run => 0.1 * Math.Log10(Measures.Of("trained parameters", run)!.Value) + (0.01 * run.Run.Recipe.Seed));
        var part = Assert.Single(claim.Parts);
        Assert.Equal(4, part.Count);
        Assert.Equal(0.1, part.Estimate, 1e-9);
    }

    [Fact]
    public void ATrendIsJudgedByTheSlopeOfALine()
    {
        const string Sweep = "data mnist-sample; epochs 1; let k = 0..3; first k layers: fixed; init [torch, he]\n";
        double Accuracy(RunRecords run)
        {
            var parameters = Measures.Of("trained parameters", run)!.Value;
            return Axis(run, "init") == "torch" ? 0.1 * Math.Log10(parameters) : 0.9 - (0.1 * Math.Log10(parameters));
        }

        var claim = Judge(Sweep + "report { claim accuracy rises with trained parameters (log) for init }", run => Accuracy(run));
        Assert.Equal([Verdict.Holds, Verdict.Fails], claim.Parts.Select(part => part.Verdict));
        Assert.Equal(0.1, claim.Parts[0].Estimate, 1e-9);
        Assert.Equal(("init=torch", "R² 1.00", 4), (claim.Parts[0].Where, claim.Parts[0].Measured, claim.Parts[0].Count));
        Assert.Equal(("+10 pt", "per tenfold trained parameters"), (claim.Parts[0].Difference, claim.Parts[0].Per));
    }

    [Fact]
    public void APageMarkdownAndCsvShowEveryClaim()
    {
        var file = MadeUp.File(Cases + "report { claim accuracy on a > b; claim accuracy on a within 5 of b 1 }", MadeUp.Finished);
        var page = ReportPage.Of([file], "", ["train", "net"]);
        Assert.Contains("accuracy on a &gt; b", page, StringComparison.Ordinal);
        Assert.Contains("accuracy on a within 5 of b 1", page, StringComparison.Ordinal);
        // A file that asks for claims alone is shown all that one is that asks for nothing.
        Assert.Contains("best accuracy", page, StringComparison.Ordinal);

        var markdown = MarkdownTables.Of([file]);
        Assert.Contains("| accuracy on a > b |", markdown, StringComparison.Ordinal);

        Assert.Contains("| verdict | claim |", markdown, StringComparison.Ordinal);
    }

    [Fact]
    public void TheCsvHasOneNumberInACellWithUnitsAndAxes()
    {
        var file = MadeUp.File(
            Cases + "report { claim accuracy on a > b; claim accuracy rises with trained parameters (log) for init }",
            (run, number) => MadeUp.Finished(run, number));
        var claims = JudgedClaim.Of(file);
        var lines = TidyFiles.Of([file]).Single(found => found.Name == "claims.csv").Text.TrimEnd().Split("\r\n")
            // No cell but "init=he, k=1" has a comma.
            .Select(line => line.Replace(", ", "; ", StringComparison.Ordinal).Split(',')).ToArray();
        string Value(int line, string column) => lines[line][Array.IndexOf(lines[0], column)];
        double Number(int line, string column) => double.Parse(Value(line, column), CultureInfo.InvariantCulture);

        Assert.Equal(1 + 4 + 2, lines.Length);
        Assert.All(lines, line => Assert.Equal(lines[0].Length, line.Length));
        var part = claims[0].Parts[1];
        Assert.Equal(("accuracy", "fraction", "torch", "2", ""), (Value(2, "measure"), Value(2, "unit"), Value(2, "axis_init"), Value(2, "axis_k"), Value(2, "slope")));
        Assert.Equal(part.Estimate, Number(2, "difference"));
        Assert.Equal(part.Estimate, Number(2, "left_mean") - Number(2, "right_mean"), 1e-12);
        Assert.Equal((part.Estimate - part.Band, part.Estimate + part.Band), (Number(2, "ci95_low"), Number(2, "ci95_high")));
        Assert.Equal(("per tenfold trained parameters", "he", ""), (Value(6, "slope_per"), Value(6, "axis_init"), Value(6, "difference")));
        Assert.Equal(claims[1].Parts[1].Determination, Number(6, "r_squared"));
    }

    // Four points that scatter leave a band beyond 100%, where the chart does not go.
    [Fact]
    public void AnAxisOfAccuraciesEndsAtOneHundredPercent()
    {
        double[] accuracies = [0.99, 0.5, 0.95, 0.4];
        var file = MadeUp.File(
            "data mnist-sample; epochs 1; let k = 0..3; first k layers: fixed\nreport { plot accuracy against trained parameters (log), fit log }",
            (run, number) => MadeUp.Finished(run, number) with { Epochs = [new EpochRecord(1, 1, 0.5, 1, accuracies[number])] });
        var (chart, fits) = AgainstChart.Of(file, (ReportItem.Plot)file.Items[0])!.Value;
        var line = Assert.Single(fits).Fit;
        Assert.True(line.At(fits[0].Most) + line.Band(fits[0].Most) > 1);
        Assert.Contains("\"domainMax\":1", chart.ToJson(), StringComparison.Ordinal);
    }

    // The chart and the claim are about the same runs: one line, one interval.
    [Fact]
    public void AFitOfAPlotIsTheLineOfAClaim()
    {
        var file = MadeUp.File(
            "data mnist-sample; epochs 1; let k = 0..3; first k layers: fixed; seed 1..3\n"
            + "report { plot accuracy against trained parameters (log), fit log; claim accuracy rises with trained parameters (log) }",
            MadeUp.Finished);
        var part = Assert.Single(JudgedClaim.Of(file).Single().Parts);
        var fit = Assert.Single(AgainstChart.Of(file, (ReportItem.Plot)file.Items[0])!.Value.Fits).Fit;
        Assert.Equal((part.Estimate, part.Band, part.Count), (fit.Slope, fit.SlopeBand, fit.Count));
        Assert.Equal(4, fit.Count);
    }
}
