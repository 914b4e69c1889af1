using System.Runtime.InteropServices;
using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Optimization;
using static TorchSharp.torch;

namespace Freeze.Runtime.Training;

/// <summary>Finds the batch that would have fitted where a run has found no memory.</summary>
internal static class MemoryTrial
{
    /// <summary>Of a half, a quarter… of the recipe's batch the largest of which one step fits, tried; null if none does.</summary>
    public static int? Fitting(Recipe recipe, ImageSet images, PassSet passes) =>
        Halves(recipe.Batch).Where(batch => Fits(recipe, images.Set, passes, batch)).Select(batch => (int?)batch).FirstOrDefault();

    /// <summary>A half, a quarter… down to 2: of a single image a batch norm has nothing to estimate.</summary>
    public static IEnumerable<int> Halves(int batch)
    {
        for (var half = batch / 2; half >= 2; half /= 2)
        {
            yield return half;
        }
    }

    private static bool Fits(Recipe recipe, DataSet set, PassSet passes, int batch)
    {
        try
        {
            using var device = Computing.Begin(recipe);
            using var scope = NewDisposeScope();
            var weights = new WeightTable(recipe);
            var net = new NetExecutor(recipe, weights, passes);
            var optimizer = LeafOptimizer.Create(recipe.Optimizer, weights.Leaves, net.HasKernels);
            optimizer.Begin(1);
            long[] shape = [batch, .. Array.ConvertAll(set.Image, extent => (long)extent)];
            var images = new Batch(zeros(shape, Precisions.OfWeights(recipe)), zeros([batch], int64));
            var output = net.Forward(images.Images, training: true);
            var loss = Objective.Of(recipe.Loss, output, images, training: true);
            if (loss.requires_grad)
            {
                net.Backward(loss);
                optimizer.Step(1);
            }

            // Reading waits for all that was asked for.
            _ = loss.to(float64).item<double>();
            return true;
        }
        catch (Exception error) when (error is OutOfMemoryException or ExternalException or RunException)
        {
            // Whatever is wrong with so small a batch, it is not to hide what was wrong with the run.
            return false;
        }
    }
}
