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
/// <param name="rule">The optimizer's numbers.</param>
/// <param name="leaves">What it updates.</param>
/// <param name="slots">What it keeps for each leaf: the names of tensors of the leaf's shape, which start from zero.</param>
/// <param name="decayPlace">Where decay comes in.</param>
internal abstract class LeafOptimizer(
    Optimizer rule, IReadOnlyList<Leaf> leaves, string[] slots, DecayPlace decayPlace = DecayPlace.Gradient)
{
    private readonly bool[] inForce = new bool[leaves.Count];

    // Of each leaf, in the order of the slots.
    private readonly Tensor[][] state =
        [.. leaves.Select(leaf => Array.ConvertAll(slots, _ => zeros(leaf.Value.shape, leaf.Value.dtype)))];

    /// <summary>The optimizer of a recipe's rule.</summary>
    /// <param name="rule">Which optimizer, and its numbers.</param>
    /// <param name="leaves">What it updates.</param>
    /// <param name="useKernels">Whether native kernels may compute its steps.</param>
    public static LeafOptimizer Create(Optimizer rule, IReadOnlyList<Leaf> leaves, bool useKernels) => rule switch
    {
        Optimizer.Sgd sgd => new Sgd(sgd, leaves, useKernels),
        Optimizer.Adam adam => new Adam(adam, leaves, adam.Beta1, adam.Beta2, adam.Epsilon, DecayPlace.Gradient),
        Optimizer.AdamW adam => new Adam(adam, leaves, adam.Beta1, adam.Beta2, adam.Epsilon, DecayPlace.Weight),
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
            if (!learns)
            {
                // Else momentum would move it on, or be kept for its return. What a shorter run has left may learn no more.
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
        for (var i = 0; i < leaves.Count; i++)
        {
            if (gradients[i] is { } gradient && decayPlace == DecayPlace.Gradient && Decay(i) is not 0 and var decay)
            {
                gradient.PlusInPlace(leaves[i].Value, decay);
            }
        }

        Prepare(gradients, state);
        for (var i = 0; i < leaves.Count; i++)
        {
            if (gradients[i] is not { } gradient)
            {
                continue;
            }

            var leaf = leaves[i].Value;
            var rate = LearningRate(leaves[i].Update.LearningRate) * factor;
            if (decayPlace == DecayPlace.Weight)
            {
                leaf.TimesInPlace(1 - (rate * Decay(i)));
            }

            Apply(i, leaf, gradient, state[i], rate, decayPlace == DecayPlace.Step ? Decay(i) : 0);
            leaf.grad = null;
        }
    }

    /// <summary>All that the next step depends on besides weights and gradients, by name.</summary>
    public IEnumerable<(string Name, Tensor Value)> State() => Numbers.Length > 0
        ? Slots().Append(("optimizer.numbers", tensor(Numbers, [Numbers.Length])))
        : Slots();

    /// <summary>Takes back what <see cref="State"/> has given, by name and shape.</summary>
    public void Restore(Func<string, long[], Tensor> saved)
    {
        foreach (var (name, value) in Slots())
        {
            value.copy_(saved(name, value.shape));
        }

        if (Numbers.Length > 0)
        {
            Numbers = saved("optimizer.numbers", [Numbers.Length]).data<double>().ToArray();
        }
    }

    /// <summary>Counters and measurements, always as many.</summary>
    protected virtual double[] Numbers
    {
        get => [];
        set => throw new InvalidOperationException("this optimizer keeps no numbers");
    }

    /// <summary>Looks at all gradients (null where a leaf has none) and states before the first is applied.</summary>
    protected virtual void Prepare(Tensor?[] gradients, Tensor[][] states)
    {
    }

    /// <summary>The learning rate of a leaf, before the schedule.</summary>
    /// <param name="own">The leaf's own.</param>
    protected virtual double LearningRate(Rate own) => Own(own, OptimizerModule.learningRate(rule));

    /// <summary>Moves a leaf by its gradient, which may be overwritten.</summary>
    /// <param name="index">The leaf's place among all.</param>
    /// <param name="leaf">The leaf.</param>
    /// <param name="gradient">Its gradient.</param>
    /// <param name="slots">Its state, in the order of the slots' names.</param>
    /// <param name="rate">The learning rate of this step.</param>
    /// <param name="decay">0 unless decay comes in here.</param>
    protected abstract void Apply(int index, Tensor leaf, Tensor gradient, Tensor[] slots, double rate, double decay);

    /// <summary>Sets the state of a leaf back to that of the first step.</summary>
    protected virtual void Forget(int index)
    {
        foreach (var slot in state[index])
        {
            slot.zero_();
        }
    }

    /// <summary>A rate of a leaf's own.</summary>
    protected static double Own(Rate rate, double shared) => rate switch
    {
        Rate.Times times => times.Factor * shared,
        Rate.Exactly exactly => exactly.Value,
        _ => throw new UnreachableException($"no rate for plan case {rate}"),
    };

    private double Decay(int index) => Own(leaves[index].Update.Decay, OptimizerModule.decay(rule));

    // Slot by slot, as checkpoints hold them.
    private IEnumerable<(string Name, Tensor Value)> Slots() =>
        slots.SelectMany((slot, s) => leaves.Select((leaf, i) => ($"optimizer.{slot}.{leaf.Name}", state[i][s])));
}
