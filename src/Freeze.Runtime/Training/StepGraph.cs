using System.Runtime.InteropServices;
using Freeze.Runtime.Data;
using Freeze.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Training;

/// <summary>Work that was recorded.</summary>
/// <param name="Made">What it makes, at places that stay.</param>
/// <param name="Replay">Makes it again there, of what its inputs hold by then.</param>
/// <param name="Memory">What has to live for as long.</param>
internal sealed record Recording(IReadOnlyList<Tensor> Made, Action Replay, IDisposable Memory);

/// <summary>Records work, which returns what it makes.</summary>
internal delegate Recording Recorder(Func<IReadOnlyList<Tensor>> work);

/// <summary>
/// What all steps with the same weights to learn have in common, from a batch to its gradients, recorded once and then done at
/// one call. Learning rates are not part of it, since the optimizer is not. A recording is trusted only after it has given a
/// step's numbers; where it cannot be made, or gives others, every step is computed as if there were none.
/// </summary>
/// <param name="compute">Takes a batch to its loss, how many it has right, and gradients.</param>
/// <param name="learning">What gets gradients, of which there are none when a step begins.</param>
/// <param name="moving">What a step itself changes, such as running statistics.</param>
/// <param name="batch">How many images a step reads; others are computed as they come.</param>
/// <param name="tolerance">How far its numbers may be from a computed step's, relative to those.</param>
/// <param name="record">How to record.</param>
/// <param name="refused">Is told once why there will be no recording.</param>
internal sealed class StepGraph(
    Func<Batch, (Tensor Loss, Tensor Right)> compute,
    IReadOnlyList<Tensor> learning,
    IReadOnlyList<Tensor> moving,
    int batch,
    double tolerance,
    Recorder record,
    Action<string> refused) : IDisposable
{
    /// <summary>In the first steps libraries time their algorithms, which cannot be recorded.</summary>
    public const int WarmUp = 3;

    /// <summary>Fewer steps are over before a recording pays.</summary>
    public const int LeastSteps = 20;

    private Batch? inputs;
    private Recording? recording;
    private Tensor[] taught = [];
    private int computed;
    private bool isRefused;

    /// <summary>What gets gradients.</summary>
    public IReadOnlyList<Tensor> Learning => learning;

    /// <summary>Whether a GPU computes here that can record, and may.</summary>
    public static bool IsOfUse(PassSet passes) =>
        passes.Has(Pass.StepGraph) && get_default_device().type != DeviceType.CPU && GpuGraph.IsAvailable;

    /// <summary>Records what a GPU does.</summary>
    public static Recording OnGpu(Func<IReadOnlyList<Tensor>> work)
    {
        IReadOnlyList<Tensor> made = [];
        var graph = GpuGraph.Record(() => made = work());
        return new Recording(made, graph.Replay, graph);
    }

    /// <summary>The loss of a step, how many are right, and the gradients in their places.</summary>
    /// <param name="next">What the step reads.</param>
    /// <param name="draw">Lets the step draw its numbers anew, or those of one that is so many later.</param>
    public (Tensor Loss, Tensor Right) Do(Batch next, Action<int> draw)
    {
        if (isRefused || next.Images.shape[0] != batch || computed < WarmUp)
        {
            computed++;
            return compute(next);
        }

        if (recording is null && Problem(next, draw) is { } problem)
        {
            isRefused = true;
            Dispose();
            refused(problem);
            return compute(next);
        }

        return Replayed(next);
    }

    /// <summary>Frees the recording.</summary>
    public void Dispose()
    {
        foreach (var tensor in recording?.Made ?? [])
        {
            tensor.Dispose();
        }

        recording?.Memory.Dispose();
        inputs?.Images.Dispose();
        inputs?.Labels.Dispose();
        (recording, inputs) = (null, null);
    }

    private (Tensor Loss, Tensor Right) Replayed(Batch next)
    {
        using (no_grad())
        {
            inputs!.Images.copy_(next.Images);
            inputs.Labels.copy_(next.Labels);
        }

        recording!.Replay();
        foreach (var (leaf, gradient) in taught.Zip(recording.Made.Skip(2)))
        {
            leaf.grad = gradient;
        }

        return (recording.Made[0], recording.Made[1]);
    }

    // Records, and lets a recorded step be judged by a computed one; null where they agree. What a step changes is then as it
    // was before.
    private string? Problem(Batch next, Action<int> draw)
    {
        using var scope = NewDisposeScope();
        var before = Copies(moving);
        void Rewind()
        {
            using var still = no_grad();
            foreach (var (tensor, value) in moving.Zip(before))
            {
                tensor.copy_(value);
            }

            Forget();
            draw(0);
        }

        try
        {
            var expected = Computed(next);
            var moved = Copies(moving);
            Rewind();
            // Of a batch and random numbers that are not the step's, so that whatever keeps those of the recording is off.
            inputs = new Batch(
                next.Images.clone().zero_().DetachFromDisposeScope(), next.Labels.clone().zero_().DetachFromDisposeScope());
            draw(1);
            recording = record(() => Computed(inputs));
            foreach (var made in recording.Made)
            {
                made.DetachFromDisposeScope();
            }

            Rewind();
            Replayed(next);
            // Of statistics how far they move, which may be little of what they are. A gradient is judged by the greatest one's size
            // too: some are 0 but for rounding.
            Tensor[] Moves(IEnumerable<Tensor> to) => [.. to.Zip(before, (after, from) => after.sub(from))];
            var off = new[]
            {
                Distance(recording.Made.Skip(2), expected.Skip(2), 0.1 * tolerance),
                Distance(Moves(moving), Moves(moved), 1e-6),
                Distance(recording.Made.Take(1), expected.Take(1), 0),
                // How many are right, but for ties.
                Math.Abs(recording.Made[1].item<long>() - expected[1].item<long>()) / (double)batch,
            }.Max();
            return off <= tolerance ? null : $"a recorded step is off by {off:g2}, relative to a computed one";
        }
        catch (Exception error) when (error is ExternalException or OutOfMemoryException or InvalidOperationException)
        {
            return error.Message;
        }
        finally
        {
            Rewind();
        }
    }

    // The loss, how many are right, and the gradients, which are taken from their places.
    private IReadOnlyList<Tensor> Computed(Batch next)
    {
        using var scope = NewDisposeScope();
        var (loss, right) = compute(next);
        taught = [.. learning.Where(leaf => leaf.grad is not null)];
        Tensor[] made = [loss.detach(), right, .. taught.Select(leaf => leaf.grad!)];
        Forget();
        return [.. made.Select(tensor => tensor.MoveToOuterDisposeScope())];
    }

    private void Forget()
    {
        foreach (var leaf in learning)
        {
            leaf.grad = null;
        }
    }

    private static Tensor[] Copies(IReadOnlyList<Tensor> tensors) => [.. tensors.Select(tensor => tensor.clone())];

    // The greatest of all distances, relative to a tensor's norm and a share of the greatest norm.
    private static double Distance(IEnumerable<Tensor> found, IEnumerable<Tensor> expected, double share)
    {
        var pairs = found.Zip(expected, (one, other) => (Off: Norm(one.sub(other)), Size: Norm(other))).ToArray();
        var floor = share * pairs.Select(pair => pair.Size).DefaultIfEmpty().Max();
        return pairs.Select(pair => pair.Off == 0 ? 0 : double.IsFinite(pair.Off) ? pair.Off / (pair.Size + floor) : double.PositiveInfinity)
            .DefaultIfEmpty().Max();
    }

    private static double Norm(Tensor values)
    {
        using var scope = NewDisposeScope();
        var wide = values.detach().to(float64);
        return Math.Sqrt(wide.mul(wide).sum().item<double>());
    }
}
