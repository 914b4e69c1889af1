using Freeze.Language;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Training;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Training;

/// <summary>Runs of the policies' cases, and how far they end from PyTorch's.</summary>
internal static class PolicyTraining
{
    /// <summary>All passes without some, and without kernels where none shall compute.</summary>
    public static PassSet Passes(bool kernels, params Pass[] without) =>
        PassSet.AllBut(kernels ? without : [.. without, Pass.Kernels]);

    /// <summary>Of each tensor after a run of Freeze, relative to its norm; and of the mean loss.</summary>
    public static List<(string Name, double Relative)> Distances(
        string name, PolicyRun expected, string precision, PassSet passes)
    {
        var recipe = Plan(PolicyCases.Text(name, expected.Seed, precision));
        using var computing = Computing.Begin(recipe);
        using var scope = NewDisposeScope();
        using var images = PolicyFixture.Images(recipe.Net.Nodes[0].Shape);
        var trainer = new Trainer(recipe, images, passes);
        while (!trainer.IsDone)
        {
            trainer.Epoch(_ => { }, TestContext.Current.CancellationToken);
        }

        var loss = trainer.Records.Average(epoch => epoch.TrainingLoss);

        var state = trainer.Weights.State().ToDictionary(
            entry => entry.Name, entry => entry.Value.detach().to(float64).data<double>().ToArray());
        Assert.Equal(expected.Tensors.Keys.Order(), state.Keys.Order());
        var found = new List<(string, double)> { ("loss", Math.Abs(loss - expected.Loss) / expected.Loss) };
        foreach (var (tensor, kept) in expected.Tensors)
        {
            var values = state[tensor];
            var norm = Math.Sqrt(values.Sum(value => value * value));
            var distance = Math.Max(kept.Distance(tensor, values), Math.Abs(norm - kept.Norm));
            // A tensor that is 0 is 0.
            found.Add((tensor, distance == 0 ? 0 : distance / kept.Norm));
        }

        return found;
    }

    public static string Worst(List<(string Name, double Relative)> distances)
    {
        var (name, relative) = distances.MaxBy(found => found.Relative);
        return $"at most {relative:e1}, {name}";
    }

    private static Recipe Plan(string text)
    {
        var analysis = Compile.analyse(Compile.usual, new Source("test.frz", text, 0));
        Assert.DoesNotContain(analysis.Diagnostics, found => found.Severity.IsError);
        return Assert.Single(analysis.Runs).Recipe;
    }
}
