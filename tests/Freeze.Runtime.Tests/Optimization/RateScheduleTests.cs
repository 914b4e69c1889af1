using System.Text.Json;
using Freeze.Runtime.Optimization;
using Xunit;

namespace Freeze.Runtime.Tests.Optimization;

public sealed class RateScheduleTests
{
    private static readonly TestRecipe Ten = new(TestNets.Line) { Epochs = 10 };

    /// <summary>Names of the fixture, with what each is here.</summary>
    public static TheoryData<string, string> ByPyTorch => new()
    {
        { "exponential", """{"exponential":{"factor":0.95}}""" },
        { "polynomial 1", """{"polynomial":{"power":1}}""" },
        { "polynomial 2.5", """{"polynomial":{"power":2.5}}""" },
        { "one-cycle", """{"oneCycle":{"rise":0.3,"start":0.04,"end":4e-6}}""" },
        { "one-cycle own", """{"oneCycle":{"rise":0.55,"start":0.1,"end":0.001}}""" },
        { "plateau 1", """{"plateau":{"epochs":1,"factor":0.1}}""" },
        { "plateau 2", """{"plateau":{"epochs":2,"factor":0.1}}""" },
    };

    [Theory]
    [MemberData(nameof(ByPyTorch))]
    public void FactorsAreThoseOfPyTorch(string name, string schedule)
    {
        using var fixture = JsonDocument.Parse(
            File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "fixtures", "schedules.json")));
        double[] Numbers(string of) => [.. fixture.RootElement.GetProperty(of).EnumerateArray().Select(e => e.GetDouble())];
        var (expected, accuracies) = (Numbers(name), Numbers("accuracies"));
        const int steps = 4;
        var isByStep = expected.Length == 6 * steps;
        var recipe = Ten with
        {
            Epochs = isByStep ? 6 : expected.Length,
            Schedule = Json.ofText<Schedule>(schedule),
        };
        var records = new List<EpochRecord>();
        var found = new RateSchedule(recipe.Build(), steps, records);
        for (var i = 0; i < expected.Length; i++)
        {
            var (epoch, step) = isByStep ? ((i / steps) + 1, i % steps) : (i + 1, 3);

            Assert.Equal(expected[i], found.Factor(epoch, step), 1e-12);

            if (!isByStep)
            {
                records.Add(new EpochRecord(epoch, 0, 0, 0, accuracies[i]));
            }
        }
    }

    [Theory]
    [InlineData(1, 0.3)]
    [InlineData(2, 0.5)]
    [InlineData(5, 0)]
    [InlineData(5, 1)]
    public void ACycleOfAnyLengthAndRiseReachesTheRate(int epochs, double rise)
    {
        var recipe = Ten with { Epochs = epochs, Schedule = Schedule.NewOneCycle(rise, 0.04, 4e-6) };
        var schedule = new RateSchedule(recipe.Build(), 1, []);
        var factors = Enumerable.Range(1, epochs).Select(epoch => schedule.Factor(epoch, 0)).ToArray();
        Assert.All(factors, factor => Assert.InRange(factor, 0, 1));
        Assert.Equal(1, factors.Max(), 1e-12);
    }

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

    private static RateSchedule Of(TestRecipe recipe) => new(recipe.Build(), 4, []);

    private static IEnumerable<double> Factors(RateSchedule schedule) =>
        Enumerable.Range(1, 10).Select(epoch => schedule.Factor(epoch, 2));
}
