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
        var joint = new EnsembleRecord("base", [], 0.68, 0.7, 0.25, 10, 20);
        var ensemble = run with
        {
            Result = new RunResult(
                result.Hash, result.Name, result.Epochs, result.TestLoss, result.TestAccuracy, result.BestValidationAccuracy,
                LearningRecord.NewEnsemble(joint), result.Counts, result.StillVerified, result.Threads, result.Versions),
        };

        Assert.Equal(0.68, Measures.Of("mean accuracy", ensemble));
        Assert.Equal(0.7, Measures.Of("ensemble accuracy", ensemble));
        Assert.Equal(0.25, Measures.Of("disagreement", ensemble));
    }
}
