using Freeze.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Nets;

/// <summary>The kernel and bias of a convolution together with the norm after it.</summary>
internal sealed record FoldedConv(Tensor Kernel, Tensor Bias);

/// <summary>
/// Norms with running statistics, folded into the convolutions before them. Valid until a weight or a statistic changes; the
/// weights are only read. The tensors belong to the scope in which this was created.
/// </summary>
internal sealed class FoldedNorms
{
    private readonly Dictionary<int, FoldedConv> convs = [];
    private readonly HashSet<int> norms = [];

    /// <param name="weights">The weights of the convolutions and norms.</param>
    /// <param name="upTo">The node whose output will be computed.</param>
    /// <param name="folds">The norms to fold.</param>
    public FoldedNorms(WeightTable weights, int upTo, IEnumerable<Fold> folds)
    {
        UpTo = upTo;
        using var still = no_grad();
        foreach (var fold in folds)
        {
            using var scope = NewDisposeScope();
            var made = Fold(weights, fold);
            convs[fold.ConvOutput] = new(made.Kernel.MoveToOuterDisposeScope(), made.Bias.MoveToOuterDisposeScope());
            norms.Add(fold.NormOutput);
        }
    }

    /// <summary>The node whose output is computed with them.</summary>
    public int UpTo { get; }

    /// <summary>The folded kernel and bias of the convolution at a node; null if no norm is folded into it.</summary>
    public FoldedConv? TryFind(int conv) => convs.GetValueOrDefault(conv);

    /// <summary>Whether the norm that computes a node's output is folded.</summary>
    public bool Holds(int norm) => norms.Contains(norm);

    // gamma (kernel x + bias - mean) / deviation + beta, in doubles, so that each number is rounded once.
    private static FoldedConv Fold(WeightTable weights, Fold fold)
    {
        Tensor Precise(Tensor value) => value.to(float64);
        Tensor OfNorm(string name) => Precise(weights.Value($"{fold.Norm.Name}.{name}"));
        Tensor Statistic(string name) => Precise(weights.Statistic($"{fold.Norm.Name}.{name}"));
        var (conv, norm) = ((Operation.Conv)fold.Conv.Operation, (Operation.BatchNorm)fold.Norm.Operation);
        var kernel = weights.Value($"{fold.Conv.Name}.weight");
        var factor = OfNorm("weight").div(Statistic("running_var").Plus(norm.Epsilon).sqrt());
        var mean = Statistic("running_mean");
        var shift = conv.Bias ? Precise(weights.Value($"{fold.Conv.Name}.bias")).sub(mean) : mean.neg();
        return new(
            Precise(kernel).mul(factor.reshape(-1, 1, 1, 1)).to(kernel.dtype),
            OfNorm("bias").Plus(shift.mul(factor)).to(kernel.dtype));
    }
}
