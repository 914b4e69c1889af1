using System.Runtime.InteropServices;
using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Results;
using Freeze.Runtime.Training;
using static TorchSharp.torch;

namespace Freeze.Runtime;

/// <summary>The outputs of one node of a trained net for the first test images.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="Values">The node's output for each image, flattened: images times <see cref="Width"/>.</param>
/// <param name="Width">The number of features per image.</param>
/// <param name="Images">The images' bytes in the order channel, row, column.</param>
/// <param name="Classes">The class of each image.</param>
public sealed record FeatureSet(string Node, float[] Values, int Width, byte[][] Images, int[] Classes);

/// <summary>Features of finished runs: the net is built from the run's recipe and its saved weights.</summary>
public static class Features
{
    private const int Batch = 250;

    /// <summary>
    /// The node whose output a stage passes on. Stage 0 means the last stage; in a net without stages, the input of the
    /// last layer.
    /// </summary>
    /// <exception cref="RunException">The net has no such stage.</exception>
    public static int NodeOf(Net net, int stage)
    {
        ArgumentNullException.ThrowIfNull(net);
        return (stage, net.Stages.Length) switch
        {
            (0, 0) => net.Nodes[^1].Inputs[0],
            (0, _) => net.Stages[^1].Output,
            _ when stage <= net.Stages.Length => net.Stages[stage - 1].Output,
            _ => throw new RunException(
                $"the net has {net.Stages.Length} stages, and a map of stage {stage} is asked for", "name one of its stages"),
        };
    }

    /// <summary>The features of the first test images.</summary>
    /// <param name="recipe">The recipe of a finished run.</param>
    /// <param name="weights">Its last.safetensors.</param>
    /// <param name="set">The run's data set.</param>
    /// <param name="node">A node of its net.</param>
    /// <param name="samples">The greatest number of images.</param>
    /// <param name="threads">The number of threads.</param>
    /// <exception cref="RunException">The weights are not those of the recipe, or the run cannot be computed here.</exception>
    public static FeatureSet Of(Recipe recipe, string weights, ImageSet set, int node, int samples, int threads)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(set);
        RecipeCheck.Demand(recipe, set.Set);
        using var device = Computing.Begin(recipe);
        using var scope = NewDisposeScope();
        using var still = no_grad();
        set_num_threads(threads);
        var table = TableOf(recipe, weights);
        var net = new NetExecutor(recipe, table);
        var norms = net.Fold(node);
        // Only a few images are read, each once.
        var batches = new Batches(set, recipe);
        var count = Math.Min(samples, set.Test.Count);
        var values = new List<float>();
        foreach (var batch in batches.InBlocks(set.Test, set.Test.Places(count), Batch, CancellationToken.None))
        {
            var features = net.Forward(batch.Images, norms).flatten(1).to(float32).cpu().contiguous();
            values.AddRange(MemoryMarshal.Cast<byte, float>(features.bytes));
        }

        return new FeatureSet(
            recipe.Net.Nodes[node].Name,
            [.. values],
            values.Count / count,
            [.. Enumerable.Range(0, count).Select(place => set.Test.Images.Of(place).ToArray())],
            [.. set.Test.Labels.Take(count).Select(label => (int)label)]);
    }

    private static WeightTable TableOf(Recipe recipe, string path)
    {
        try
        {
            var stored = WholeWeights.Read(path);
            // Fixed weights are read from the file too, so nothing else is needed.
            var table = new WeightTable(
                RecipeModule.ofKeptWeights(recipe), stored.ToDictionary(entry => entry.Key, entry => entry.Value.ToTensor()));
            table.Restore("the file", stored);
            return table;
        }
        catch (Exception error) when (error is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new RunException($"{path}: {error.Message}", "train the run again: its weights are needed for the map", error);
        }
    }
}
