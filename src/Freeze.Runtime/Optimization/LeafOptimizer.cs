using Freeze.Kernels;
using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Optimization;

/// <summary>What an optimizer updates: a whole weight or its learning slice, and how; the name is the weight's.</summary>
internal sealed record Leaf(string Name, Tensor Value, Update Update);

/// <summary>Where an optimizer's decay comes in.</summary>
internal enum DecayPlace
{
    /// <summary>Added to the gradient, before anything looks at it.</summary>
    Gradient,

    /// <summary>Shrinks the weight itself.</summary>
    Weight,

    /// <summary>Added to the gradient by the step itself.</summary>
    Step,
}

/// <summary>
/// An optimizer over leaves. Its state exists for what learns alone, is made where it is made and belongs to that
/// scope; a leaf outside its epochs has no gradient, is not touched, and its state starts anew when its time comes.
/// </summary>
internal abstract class LeafOptimizer(IReadOnlyList<Leaf> leaves)
{
    private readonly bool[] inForce = new bool[leaves.Count];

    /// <summary>The learning rate and decay that weights without their own have.</summary>
    protected abstract (double LearningRate, double Decay) Usual { get; }

    /// <summary>The optimizer of a recipe's rule.</summary>
    /// <param name="rule">Which optimizer, and its numbers.</param>
    /// <param name="leaves">What it updates.</param>
    /// <param name="useKernels">Whether native kernels may compute its steps.</param>
    public static LeafOptimizer Create(Optimizer rule, IReadOnlyList<Leaf> leaves, bool useKernels) => rule switch
    {
        Optimizer.Sgd sgd => new Sgd(sgd, leaves, useKernels),
        Optimizer.Adam adam => new Adam(adam, leaves),
        Optimizer.AdamW adam => new Adam(adam, leaves),
        Optimizer.RmsProp rmsProp => new RmsProp(rmsProp, leaves),
        Optimizer.YellowFin yellowFin => new YellowFin(yellowFin, leaves),
        _ => throw new UnreachableException($"no optimizer for plan case {rule}"),
    };

    /// <summary>Says which epoch begins, from 1: what learns in it gets gradients.</summary>
    public void Begin(int epoch)
    {
        for (var i = 0; i < leaves.Count; i++)
        {
            var learns = leaves[i].Update.Period switch
            {
                { IsAlways: true } => true,
                Period.Epochs epochs => epoch >= epochs.First && epoch <= epochs.Last,
                _ => throw new UnreachableException($"no time for plan case {leaves[i].Update.Period}"),
            };
            if (inForce[i] && !learns)
            {
                // Else momentum would move it on, or be kept for its return.
                Forget(i);
                leaves[i].Value.grad = null;
            }

            inForce[i] = learns;
            leaves[i].Value.requires_grad = learns;
        }
    }

    /// <summary>Updates every leaf that has a gradient, in place, and forgets the gradients.</summary>
    /// <param name="factor">What the schedule makes of the learning rate in this step.</param>
    public void Step(double factor)
    {
        using var still = no_grad();
        var gradients = leaves.Select((leaf, i) => inForce[i] ? leaf.Value.grad : null).ToArray();
        var (learningRate, decay) = Usual;
        for (var i = 0; i < leaves.Count; i++)
        {
            if (gradients[i] is { } gradient && DecayPlace == DecayPlace.Gradient)
            {
                var own = Rate(leaves[i].Update.Decay, decay);
                if (own != 0)
                {
                    gradient.PlusInPlace(leaves[i].Value, own);
                }
            }
        }

        Prepare(gradients);
        for (var i = 0; i < leaves.Count; i++)
        {
            if (gradients[i] is not { } gradient)
            {
                continue;
            }

            var (_, leaf, update) = leaves[i];
            var rate = Tuned(Rate(update.LearningRate, learningRate)) * factor;
            var own = Rate(update.Decay, decay);
            if (DecayPlace == DecayPlace.Weight)
            {
                leaf.TimesInPlace(1 - (rate * own));
            }

            Apply(i, leaf, gradient, rate, DecayPlace == DecayPlace.Step ? own : 0);
            leaf.grad = null;
        }
    }

    /// <summary>All that the next step depends on besides weights and gradients, by name.</summary>
    public IEnumerable<(string Name, Tensor Value)> State()
    {
        foreach (var (slot, values) in Gathered)
        {
            for (var i = 0; i < leaves.Count; i++)
            {
                yield return (Slot(slot, i), values[i]);
            }
        }

        if (Numbers.Length > 0)
        {
            yield return ("optimizer.numbers", tensor(Numbers, [Numbers.Length]));
        }
    }

    /// <summary>Takes back what <see cref="State"/> has given, by name and shape.</summary>
    public void Restore(Func<string, long[], Tensor> saved)
    {
        foreach (var (slot, values) in Gathered)
        {
            for (var i = 0; i < leaves.Count; i++)
            {
                values[i].copy_(saved(Slot(slot, i), values[i].shape));
            }
        }

        if (Numbers.Length > 0)
        {
            Numbers = saved("optimizer.numbers", [Numbers.Length]).data<double>().ToArray();
        }
    }

    /// <summary>What is gathered for each leaf, under a name for each kind.</summary>
    protected abstract IReadOnlyList<(string Name, Tensor[] OfLeaf)> Gathered { get; }

    /// <summary>Counters and measurements, always as many.</summary>
    protected virtual double[] Numbers
    {
        get => [];
        set => throw new InvalidOperationException("this optimizer keeps no numbers");
    }

    /// <summary>Where decay comes in.</summary>
    protected virtual DecayPlace DecayPlace => DecayPlace.Gradient;

    /// <summary>Looks at all gradients (null where a leaf has none) before the first is applied.</summary>
    protected virtual void Prepare(IReadOnlyList<Tensor?> gradients)
    {
    }

    /// <summary>What the optimizer itself makes of a learning rate.</summary>
    protected virtual double Tuned(double rate) => rate;

    /// <summary>Moves a leaf by its gradient, which may be overwritten.</summary>
    /// <param name="index">The leaf's place among all.</param>
    /// <param name="leaf">The leaf.</param>
    /// <param name="gradient">Its gradient.</param>
    /// <param name="rate">The learning rate of this step.</param>
    /// <param name="decay">0 unless decay comes in here.</param>
    protected abstract void Apply(int index, Tensor leaf, Tensor gradient, double rate, double decay);

    /// <summary>Sets the state of a leaf back to that of the first step.</summary>
    protected abstract void Forget(int index);

    /// <summary>A zero of each leaf's shape.</summary>
    protected Tensor[] Zeros() => [.. leaves.Select(leaf => zeros(leaf.Value.shape, leaf.Value.dtype))];

    private string Slot(string slot, int leaf) => $"optimizer.{slot}.{leaves[leaf].Name}";

    private static double Rate(Rate rate, double usual) => rate switch
    {
        Freeze.Rate.Times times => times.Factor * usual,
        Freeze.Rate.Exactly exactly => exactly.Value,
        _ => throw new UnreachableException($"no rate for plan case {rate}"),
    };
}
