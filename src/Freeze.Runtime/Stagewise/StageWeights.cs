using Freeze.Runtime.Nets;
using Freeze.Runtime.Prefixes;

namespace Freeze.Runtime.Stagewise;

/// <summary>A stage that has learned.</summary>
/// <param name="Record">What was tried and what came of it.</param>
/// <param name="Time">How long it took.</param>
/// <param name="Weights">The best candidate's weights and running statistics, that of its classifier among them.</param>
internal sealed record StageOutcome(
    StageRecord Record, StageTime Time, IReadOnlyDictionary<string, StoredTensor> Weights)
{
    /// <summary>What the candidate came to that is kept.</summary>
    public CandidateRecord Best => Record.Candidates[Record.Best];
}

/// <summary>The weights of stages in nets of several stages.</summary>
internal static class StageWeights
{
    /// <summary>Gives a net what its stages have learned; what is still stays as it is.</summary>
    /// <param name="weights">Those of the net.</param>
    /// <param name="nameInTraining">What a weight of the net was called when its stage was trained.</param>
    /// <param name="stages">Those of the net, in order.</param>
    public static void Restore(WeightTable weights, Func<string, string> nameInTraining, IReadOnlyList<StageOutcome> stages)
    {
        var all = stages.SelectMany(stage => stage.Weights).DistinctBy(entry => entry.Key).ToDictionary();
        weights.Restore("the stages", all, nameInTraining);
    }

    /// <summary>The whole net's weights: each stage's, and the last one's classifier as the net's own.</summary>
    public static WeightTable Whole(Recipe recipe, IReadOnlyList<StageOutcome> stages)
    {
        var weights = new WeightTable(recipe);
        Restore(weights, name => Stages.nameInLastTraining(recipe, name), stages);
        return weights;
    }

    /// <summary>Stages that have learned, fixed from then on.</summary>
    public static FixedFront Front(Recipe recipe, IReadOnlyList<StageOutcome> stages, PassSet passes)
    {
        var front = Stages.features(recipe, stages.Count);
        var weights = new WeightTable(front);
        Restore(weights, name => name, stages);
        return new FixedFront(front, weights, passes);
    }
}
