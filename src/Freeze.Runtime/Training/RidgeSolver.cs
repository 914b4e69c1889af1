using Freeze.Kernels;
using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Training;

/// <summary>
/// Solves for the last linear layer in closed form: the weights W and biases b with the least mean squared distance of
/// W x + b from the one-hot labels over the training images, plus ridge times the sum of squares of W (biases are free).
/// The normal equations are summed batch by batch in double precision; no matrix of all features exists.
/// </summary>
/// <param name="recipe">The net, its classes and layers.</param>
/// <param name="batches">The images to read.</param>
/// <param name="net">Computes the features.</param>
/// <param name="weights">Its weights.</param>
/// <param name="solved">The plan of the weight that is solved for.</param>
internal sealed class RidgeSolver(Recipe recipe, Batches batches, NetExecutor net, WeightTable weights, WeightPlan solved)
{
    private const int Batch = 500;

    private readonly double ridge = ((Treatment.Solved)solved.Treatment).Ridge;
    private readonly PlannedWeight weight = weights[$"{solved.Weight.Layer}.weight"];
    private readonly PlannedWeight? bias = weights.TryFind($"{solved.Weight.Layer}.bias");
    private readonly int features = recipe.Net.Nodes.Single(node => node.Name == solved.Weight.Layer).Inputs[0];

    /// <summary>A solver if the recipe asks for one, else null.</summary>
    public static RidgeSolver? Of(Recipe recipe, Batches batches, NetExecutor net, WeightTable weights) =>
        recipe.Weights.FirstOrDefault(plan => plan.Treatment.IsSolved) is { } solved
            ? new RidgeSolver(recipe, batches, net, weights, solved)
            : null;

    /// <summary>Solves for the layer on some training images, and sets its weight and bias.</summary>
    /// <exception cref="RunException">The equations have no single solution.</exception>
    public void Solve(ImagePart training, long[] places, CancellationToken cancel)
    {
        using var whole = NewDisposeScope();
        using var still = no_grad();
        var width = weight.Plan.Weight.Shape[1] + (bias is null ? 0 : 1);
        var gram = zeros([width, width], float64);
        var moments = zeros([width, recipe.Classes], float64);
        var norms = net.Fold(features);
        var oneHot = eye(recipe.Classes, dtype: float64);
        foreach (var batch in batches.InBlocks(training, places, Batch, cancel))
        {
            var x = net.Forward(batch.Images, norms).to(float64);
            if (bias is not null)
            {
                x = cat([x, ones([x.shape[0], 1], float64)], 1);
            }

            gram.PlusInPlace(x.t().mm(x));
            moments.PlusInPlace(x.t().mm(oneHot.index_select(0, batch.Labels)));
        }

        var penalty = eye(width, dtype: float64).TimesInPlace(ridge * places.Length);
        if (bias is not null)
        {
            penalty.narrow(0, width - 1, 1).zero_();
        }

        Assign(Solution(gram.PlusInPlace(penalty), moments));
    }

    // The equations [width, width] are symmetric and have no negative eigenvalue. If one is 0 up to rounding, the solver may
    // still return numbers: it is chance whether it meets a pivot of exactly 0.
    private static Tensor Solution(Tensor equations, Tensor moments)
    {
        const double roundingOfDoubles = 2.2e-16;
        var values = linalg.eigvalsh(equations).cpu().data<double>().ToArray();
        return values[0] > values.Length * roundingOfDoubles * values[^1]
            ? linalg.solve(equations, moments)
            : throw new RunException(
                $"least squares has no single solution: of the {values.Length} equations some follow from others",
                "give a larger penalty: `solve ridge 1e-3`");
    }

    // The solution [features + 1, classes].
    private void Assign(Tensor solution)
    {
        var inputs = weight.Plan.Weight.Shape[1];
        weight.Solve(solution.narrow(0, 0, inputs).t());
        bias?.Solve(solution.narrow(0, inputs, 1).flatten());
    }
}
