using Freeze.Runtime.Training;
using Xunit;

namespace Freeze.Runtime.Tests.Training;

public sealed class StoppingTests
{
    [Theory]
    [InlineData(new[] { 0.5 }, false)]
    [InlineData(new[] { 0.5, 0.6, 0.7 }, false)]
    [InlineData(new[] { 0.5, 0.4 }, false)]
    [InlineData(new[] { 0.5, 0.4, 0.3 }, true)]
    [InlineData(new[] { 0.5, 0.4, 0.5 }, true)]
    [InlineData(new[] { 0.5, 0.4, 0.6, 0.5 }, false)]
    public void APlateauIsTwoEpochsWithoutABetterOne(double[] accuracies, bool holds) =>
        Assert.Equal(holds, Stopping.Holds([Stop.NewPlateau(2)], Epochs(accuracies)));

    [Theory]
    [InlineData(new[] { 0.98 }, false)]
    [InlineData(new[] { 0.99 }, true)]
    [InlineData(new[] { 0.995, 0.98 }, false)]
    public void AnAccuracyIsReachedByTheLastEpoch(double[] accuracies, bool holds) =>
        Assert.Equal(holds, Stopping.Holds([Stop.NewAccuracy(0.99)], Epochs(accuracies)));

    [Fact]
    public void TheFirstOfSeveralThatHoldsEndsTheRun()
    {
        Stop[] both = [Stop.NewAccuracy(0.99), Stop.NewPlateau(1)];
        Assert.True(Stopping.Holds(both, Epochs(0.5, 0.5)));
        Assert.True(Stopping.Holds(both, Epochs(0.5, 0.99)));
        Assert.False(Stopping.Holds(both, Epochs(0.5, 0.6)));
        Assert.False(Stopping.Holds([], Epochs(0.5, 0.5, 0.5)));
    }

    private static EpochRecord[] Epochs(params double[] accuracies) =>
        [.. accuracies.Select((accuracy, i) => new EpochRecord(i + 1, 1, 0.5, 1, accuracy))];
}
