using Freeze.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Nets;

/// <summary>A convolution's kernel and bias with the norm behind it.</summary>
internal sealed record FoldedConv(Tensor Kernel, Tensor Bias);

/// <summary>
/// Norms that use their running statistics as parts of the convolutions before them: right until a weight or a statistic changes. The
/// weights themselves are only read. The tensors belong to the scope that this was made in.
/// </summary>
internal sealed class FoldedNorms
{
    private readonly Dictionary<int, FoldedConv> convs = [];
    private readonly HashSet<int> norms = [];

    /// <param name="weights">Those of the convolutions and the norms.</param>
    /// <param name="upTo">The node whose output is computed with them.</param>
    /// <param name="folds">Which norms.</param>
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

    /// <summary>The kernel and bias of a convolution, by its node; null where it has no norm.</summary>
    public FoldedConv? TryFind(int conv) => convs.GetValueOrDefault(conv);

    /// <summary>Whether the norm whose step computes a node is one of them.</summary>
    public bool Holds(int norm) => norms.Contains(norm);

    // gamma (kernel x + bias - mean) / deviation + beta, in doubles: each number is rounded once.
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
