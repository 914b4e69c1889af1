using Xunit;

namespace Freeze.Runtime.Tests.Training;

/// <summary>
/// From a Freeze file to weights: 20 steps of small nets of full structure, in each way to learn, against the plain idiom
/// of PyTorch (masked gradients, and what does not learn put back after each step), in every weight and running
/// statistic. scripts/fixtures/agreement.py made the fixture and says how.
/// </summary>
public sealed class PolicyAgreementTests(ITestOutputHelper output)
{
    /// <summary>All cases, with native kernels and without.</summary>
    public static TheoryData<string, bool> Cases => new MatrixTheoryData<string, bool>(PolicyFixture.Cases.Keys, [true, false]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void InDoublePrecisionTwentyStepsGivePyTorchsWeightsAndStatistics(string name, bool kernels)
    {
        var distances = PolicyTraining.Distances(name, PolicyFixture.Cases[name][0], "fp64", PolicyTraining.Passes(kernels));
        output.WriteLine(PolicyTraining.Worst(distances));
        Assert.All(distances, found => Assert.InRange(found.Relative, 0, 1e-9));
    }

    [Fact]
    public void EveryWayIsComparedAndEveryNetInTheWaysThatAllHave()
    {
        var cases = PolicyFixture.Cases.Keys.Select(name => name.Split(": ")).ToArray();
        Assert.Equal(PolicyCases.Names.Order(), cases.Select(parts => parts[1]).Distinct().Order());
        Assert.Equal(6, cases.Count(parts => parts[1] == "full"));
        foreach (var way in new[] { "block", "filters", "filters zero", "inputs", "row", "adam", "rmsprop" })
        {
            Assert.Equal(6, cases.Count(parts => parts[1] == way));
        }

        Assert.Equal(6, cases.Count(parts => parts[1].StartsWith("rates", StringComparison.Ordinal)));
        Assert.Equal(3, cases.Count(parts => parts[1] == "bn"));
    }
}
