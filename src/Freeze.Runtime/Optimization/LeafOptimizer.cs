using Freeze.Kernels;
using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Optimization;

/// <summary>A tensor that an optimizer updates, a whole weight or its trainable slice, with the weight's name.</summary>
internal sealed record Leaf(string Name, Tensor Value, Update Update);

/// <summary>Where an optimizer applies decay.</summary>
internal enum DecayPlace
{
    /// <summary>Added to the gradient, before anything reads it.</summary>
    Gradient,

    /// <summary>Shrinks the weight itself.</summary>
    Weight,

    /// <summary>Added to the gradient by the step itself.</summary>
    Step,
}

/// <summary>
/// An optimizer over leaves. Only trainable tensors have state, which belongs to the scope that creates the optimizer. A leaf
/// outside its epochs has no gradient and is not changed; its state restarts when its epochs begin.
/// </summary>
/// <param name="rule">The optimizer and its hyperparameters.</param>
/// <param name="leaves">The tensors to update.</param>
/// <param name="slots">The state of each leaf: the names of tensors of the leaf's shape, which start from zero.</param>
/// <param name="decayPlace">Where decay is applied.</param>
internal abstract class LeafOptimizer(
    Optimizer rule, IReadOnlyList<Leaf> leaves, string[] slots, DecayPlace decayPlace = DecayPlace.Gradient)
{
    private readonly bool[] inForce = new bool[leaves.Count];

    // For each leaf, in the order of the slots.
    private readonly Tensor[][] state =
        [.. leaves.Select(leaf => Array.ConvertAll(slots, _ => zeros(leaf.Value.shape, leaf.Value.dtype)))];

    /// <summary>The optimizer of a recipe's rule.</summary>
    /// <param name="rule">The optimizer and its hyperparameters.</param>
    /// <param name="leaves">The tensors to update.</param>
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

    /// <summary>Starts an epoch, counted from 1: the leaves that it trains get gradients.</summary>
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
                // Otherwise momentum would keep moving it, or stay for its return; a resumed run needs this too.
                Forget(i);
                leaves[i].Value.grad = null;
            }

            inForce[i] = learns;
            leaves[i].Value.requires_grad = learns;
        }
    }

    /// <summary>Updates every leaf that has a gradient, in place, and clears the gradients.</summary>
    /// <param name="factor">The schedule's factor of the learning rate in this step.</param>
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

    /// <summary>Everything that the next step depends on, except for weights and gradients, by name.</summary>
    public IEnumerable<(string Name, Tensor Value)> State() => Numbers.Length > 0
        ? Slots().Append(("optimizer.numbers", tensor(Numbers, [Numbers.Length])))
        : Slots();

    /// <summary>Restores what <see cref="State"/> returned, by name and shape.</summary>
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

    /// <summary>Counters and measurements, always the same number of them.</summary>
    protected virtual double[] Numbers
    {
        get => [];
        set => throw new InvalidOperationException("this optimizer has no numbers");
    }

    /// <summary>Reads all gradients (null if a leaf has none) and states before the first is applied.</summary>
    protected virtual void Prepare(Tensor?[] gradients, Tensor[][] states)
    {
    }

    /// <summary>The learning rate of a leaf, before the schedule.</summary>
    /// <param name="own">The leaf's own rate.</param>
    protected virtual double LearningRate(Rate own) => Own(own, OptimizerModule.learningRate(rule));

    /// <summary>Updates a leaf by its gradient, which may be overwritten.</summary>
    /// <param name="index">The leaf's index.</param>
    /// <param name="leaf">The leaf.</param>
    /// <param name="gradient">Its gradient.</param>
    /// <param name="slots">Its state, in the order of the slots' names.</param>
    /// <param name="rate">The learning rate of this step.</param>
    /// <param name="decay">The decay, or 0 if it is applied elsewhere.</param>
    protected abstract void Apply(int index, Tensor leaf, Tensor gradient, Tensor[] slots, double rate, double decay);

    /// <summary>Resets the state of a leaf to that before the first step.</summary>
    protected virtual void Forget(int index)
    {
        foreach (var slot in state[index])
        {
            slot.zero_();
        }
    }

    /// <summary>The learning rate of a leaf, from its own rate and the shared one.</summary>
    protected static double Own(Rate rate, double shared) => rate switch
    {
        Rate.Times times => times.Factor * shared,
        Rate.Exactly exactly => exactly.Value,
        _ => throw new UnreachableException($"no rate for plan case {rate}"),
    };

    private double Decay(int index) => Own(leaves[index].Update.Decay, OptimizerModule.decay(rule));

    // Slot by slot, in the order of checkpoints.
    private IEnumerable<(string Name, Tensor Value)> Slots() =>
        slots.SelectMany((slot, s) => leaves.Select((leaf, i) => ($"optimizer.{slot}.{leaf.Name}", state[i][s])));
}
