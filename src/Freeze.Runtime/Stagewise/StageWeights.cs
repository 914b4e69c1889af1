using Freeze.Runtime.Nets;
using Freeze.Runtime.Prefixes;

namespace Freeze.Runtime.Stagewise;

/// <summary>A trained stage.</summary>
/// <param name="Record">The candidates and their results.</param>
/// <param name="Time">The time it took.</param>
/// <param name="Weights">The best candidate's weights and running statistics, including its classifier's.</param>
internal sealed record StageOutcome(
    StageRecord Record, StageTime Time, IReadOnlyDictionary<string, StoredTensor> Weights)
{
    /// <summary>The record of the chosen candidate.</summary>
    public CandidateRecord Best => Record.Candidates[Record.Best];
}

/// <summary>The weights of stages in nets of several stages.</summary>
internal static class StageWeights
{
    /// <summary>Copies the trained weights of stages into a net; fixed weights stay as they are.</summary>
    /// <param name="weights">The net's weights.</param>
    /// <param name="nameInTraining">Maps a weight's name in the net to its name when its stage was trained.</param>
    /// <param name="stages">The net's stages, in order.</param>
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

    /// <summary>Trained stages, fixed from now on.</summary>
    public static FixedFront Front(Recipe recipe, IReadOnlyList<StageOutcome> stages, PassSet passes)
    {
        var front = Stages.features(recipe, stages.Count);
        var weights = new WeightTable(front);
        Restore(weights, name => name, stages);
        return new FixedFront(front, weights, passes);
    }
}
