using Freeze.Report.Tables;
using Xunit;

namespace Freeze.Report.Tests;

/// <summary>What the words of a report mean of a run's records.</summary>
public sealed class MeasureTests
{
    [Fact]
    public void AnEnsembleHasTheMeasuresOfItsMembersTogether()
    {
        var run = MadeUp.File("data mnist-sample; epochs 2", MadeUp.Finished).Runs[0];
        Assert.Null(Measures.Of("ensemble accuracy", run));

        var result = run.Result!;
        MemberRecord[] members = [new([], 1, 0.66), new([], 1, 0.7)];
        var joint = new EnsembleRecord("base", members, 0.68, 0.7, 0.25, 10, 20);
        var ensemble = run with
        {
            Result = new RunResult(
                result.Hash, result.Name, result.Epochs, result.TestLoss, result.TestAccuracy, result.BestValidationAccuracy,
                BestRecord.NotKept, LearningRecord.NewEnsemble(joint), result.Counts, result.StillVerified, result.Threads, result.Versions),
        };

        Assert.Equal(0.68, Measures.Of("mean accuracy", ensemble));
        Assert.Equal(0.7, Measures.Of("best member accuracy", ensemble));
        Assert.Equal(0.7, Measures.Of("ensemble accuracy", ensemble));
        Assert.Equal(0.25, Measures.Of("disagreement", ensemble));
        // By n - 1: 0.02 and 0.02 from the mean.
        Assert.Equal(Math.Sqrt(0.0008), Measures.Of("member spread", ensemble)!.Value, 1e-12);
        Assert.Equal("2.83%", Measures.Show("member spread", Math.Sqrt(0.0008)));
        Assert.Null(Measures.Of("member spread", run));
    }

    [Fact]
    public void ATableByASettingThatIsNoListShowsItsValue()
    {
        const string Text = "data mnist-sample; net lenet; epochs 2; seed 1..2; report { table accuracy by net, data, batch, lr, decay }";
        var file = MadeUp.File(Text, MadeUp.Finished);
        Assert.Contains(
            "| lenet | mnist-sample | 128 | 0.01 | 0 |", MeasureTable.Of(file, (ReportItem.Table)file.Items[0]).ToMarkdown(), StringComparison.Ordinal);
    }

    [Fact]
    public void AMeasureCanNameAnEpochOrWhatIsReached()
    {
        EpochRecord Epoch(int number, double accuracy) => new(number, 2, 0.5, 1.0 / number, accuracy);
        var run = MadeUp.File("data mnist-sample; epochs 3", MadeUp.Finished).Runs[0] with
        {
            Epochs = [Epoch(1, 0.9), Epoch(2, 0.98), Epoch(3, 0.97)],
        };

        Assert.Equal(0.9, Measures.Of("accuracy at epoch 1", run));
        Assert.Equal(0.98, Measures.Of("validation accuracy at epoch 2", run));
        Assert.Equal(1.0 / 3, Measures.Of("loss at epoch 3", run));
        Assert.Null(Measures.Of("accuracy at epoch 4", run));
        Assert.Equal(2, Measures.Of("epochs to 98%", run));
        Assert.Equal(1, Measures.Of("epochs to 89.5%", run));
        Assert.Null(Measures.Of("epochs to 98.1%", run));
        Assert.Equal((MeasureUnit.Share, MeasureUnit.Number), (Measures.Unit("accuracy at epoch 1"), Measures.Unit("epochs to 98%")));
    }

    [Fact]
    public void PeakMemoryIsTheMostOfAllEpochsInMegabytes()
    {
        var run = MadeUp.File("data mnist-sample; epochs 3", MadeUp.Finished).Runs[0];
        Assert.Equal(403, Measures.Of("peak memory", run));
        Assert.Equal(("403 MB", "+2 MB"), (Measures.Show("peak memory", 403), Measures.ShowDifference("peak memory", 2)));
        var unknown = run.Times.Select(time => EpochTimeModule.withPeak(0, time));
        Assert.Null(Measures.Of("peak memory", run with { Times = [.. unknown] }));
        Assert.Null(Measures.Of("peak memory", run with { Times = [] }));
    }

    [Fact]
    public void TheTestAccuracyOfTheBestWeightsIsOfRunsThatKeepThem()
    {
        var kept = MadeUp.File("data mnist-sample; epochs 2; validate 100; keep best", MadeUp.Finished).Runs[0];
        Assert.Equal(0.9, Measures.Of("best test accuracy", kept));
        Assert.Equal(0.1, Measures.Of("best test error", kept)!.Value, 1e-12);
        Assert.Equal(MeasureUnit.Share, Measures.Unit("best test error"));

        var last = MadeUp.File("data mnist-sample; epochs 2; validate 100", MadeUp.Finished).Runs[0];
        Assert.Null(Measures.Of("best test accuracy", last));
        Assert.Null(Measures.Of("best test error", last));
    }

    [Fact]
    public void TheBestAccuracyOfStagesIsThatOfTheLastOne()
    {
        var run = MadeUp.File("data mnist-sample; epochs 2", MadeUp.Finished).Runs[0];
        // As the runner records it: its epochs are those of all stages.
        Assert.Equal(run.Result!.BestValidationAccuracy, Measures.Of("best accuracy", run with { Epochs = [new(1, 0, 1, 0, 1)] }));
        Assert.Equal(1, Measures.Of("best accuracy", run with { Epochs = [new(1, 0, 1, 0, 1)], Result = null }));
    }

    [Theory]
    [InlineData(0.0617, "0.062 s")]
    [InlineData(1.234, "1.23 s")]
    [InlineData(14, "14 s")]
    [InlineData(99.96, "1 min 40 s")]
    [InlineData(120, "2 min")]
    [InlineData(599.7, "10 min")]
    [InlineData(13 * 60 + 29, "13 min")]
    [InlineData(3599, "1 h")]
    [InlineData(7500, "2 h 5 min")]
    [InlineData(200_000, "2 d 7 h")]
    public void TimesReadAsPeopleWriteThem(double seconds, string text) => Assert.Equal(text, Measures.Show("seconds", seconds));

    [Fact]
    public void MomentsAreToldToTheSecond()
    {
        Assert.Equal("2026-03-01 12:00:01 UTC", Durations.Moment("2026-03-01T12:00:01.7654321Z"));
        Assert.Equal("damaged", Durations.Moment("damaged"));
    }
}
