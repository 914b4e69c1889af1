using Freeze.Runtime.Nets;
using Freeze.Runtime.Results;
using static TorchSharp.torch;

namespace Freeze.Runtime.Stagewise;

/// <summary>A stage that has learned.</summary>
/// <param name="Record">What was tried and what came of it.</param>
/// <param name="Time">How long it took.</param>
/// <param name="Weights">The best candidate's weights and running statistics, that of its classifier among them.</param>
internal sealed record StageOutcome(
    StageRecord Record, StageTime Time, IReadOnlyDictionary<string, StoredTensor> Weights);

/// <summary>The weights of stages as files, and in nets of several stages.</summary>
internal static class StageWeights
{
    /// <summary>Gives a net what its stages have learned; what is still stays as it is.</summary>
    /// <param name="weights">Those of the net.</param>
    /// <param name="nameInTraining">What a weight of the net was called when its stage was trained.</param>
    /// <param name="stages">Those of the net, in order.</param>
    public static void Restore(WeightTable weights, Func<string, string> nameInTraining, IReadOnlyList<StageOutcome> stages)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        weights.Restore((name, shape) =>
        {
            var wanted = nameInTraining(name);
            var found = stages.Select(stage => stage.Weights.GetValueOrDefault(wanted)).FirstOrDefault(tensor => tensor is not null);
            return found is not null && found.Shape.SequenceEqual(shape)
                ? found.ToTensor()
                : throw new InvalidDataException($"no stage holds {wanted} of shape {string.Join("x", shape)}");
        });
    }
}
