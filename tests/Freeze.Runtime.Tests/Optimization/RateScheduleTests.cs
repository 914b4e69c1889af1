using Freeze.Runtime.Optimization;
using Xunit;

namespace Freeze.Runtime.Tests.Optimization;

public sealed class RateScheduleTests
{
    private static readonly TestRecipe Ten = new(TestNets.Line) { Epochs = 10 };

    [Fact]
    public void StepsFallAfterTheirEpochs()
    {
        var schedule = Of(Ten with { Schedule = Schedule.NewStep([3, 6], 0.1) });
        Assert.Equal([1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.01], Factors(schedule), Near);
    }

    [Fact]
    public void ACosineFallsFromOneToNothing()
    {
        var schedule = Of(Ten with { Schedule = Schedule.Cosine });
        Assert.Equal(1, schedule.Factor(1, 0));
        Assert.Equal(0.5, schedule.Factor(6, 0), 12);
        Assert.Equal((1 + Math.Cos(Math.PI * 0.975)) / 2, schedule.Factor(10, 3), 12);
    }

    [Fact]
    public void WarmUpRisesStepByStepToTheWholeRate()
    {
        var schedule = Of(Ten with { Warmup = 2 });
        Assert.Equal(1.0 / 8, schedule.Factor(1, 0), 12);
        Assert.Equal(0.5, schedule.Factor(1, 3), 12);
        Assert.Equal(1, schedule.Factor(2, 3), 12);
        Assert.Equal(1, schedule.Factor(3, 0), 12);
    }

    private static bool Near(double a, double b) => Math.Abs(a - b) < 1e-12;

    private static RateSchedule Of(TestRecipe recipe) => new(recipe.Build(), 4);

    private static IEnumerable<double> Factors(RateSchedule schedule) =>
        Enumerable.Range(1, 10).Select(epoch => schedule.Factor(epoch, 2));
}
