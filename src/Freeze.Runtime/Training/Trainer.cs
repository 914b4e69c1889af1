using System.Diagnostics;
using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Optimization;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Runtime.Training;

/// <summary>Trains one recipe, epoch by epoch. Its tensors belong to the scope that it was made in.</summary>
internal sealed class Trainer
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(100);

    private readonly Recipe recipe;
    private readonly ImageSet set;
    private readonly Batches batches;
    private readonly NetExecutor net;
    private readonly LeafOptimizer optimizer;
    private readonly RateSchedule schedule;
    private readonly Evaluation evaluation;
    private readonly RidgeSolver? solver;

    public Trainer(Recipe recipe, ImageSet set)
    {
        RecipeCheck.Demand(recipe, set.Set);
        this.recipe = recipe;
        this.set = set;
        batches = new Batches(set, recipe);
        Weights = new WeightTable(recipe);
        net = new NetExecutor(recipe, Weights);
        optimizer = LeafOptimizer.Create(recipe.Optimizer, Weights.Leaves);
        schedule = new RateSchedule(recipe, batches.Steps);
        evaluation = new Evaluation(batches, net);
        solver = RidgeSolver.Of(recipe, batches, net, Weights);
    }

    /// <summary>The weights as they are now.</summary>
    public WeightTable Weights { get; }

    /// <summary>Trains one epoch (from 1), then judges the net on the validation images.</summary>
    /// <exception cref="RunException">The loss is no longer a finite number.</exception>
    public EpochRecord Epoch(int epoch, Action<Progress> report, CancellationToken cancel)
    {
        using var scope = NewDisposeScope();
        optimizer.Begin(epoch);
        var order = batches.Order(epoch);
        using var ahead = new Prefetcher<PreparedBatch>(
            batches.Steps, step => batches.Prepare(epoch, Places(order, step)), cancel);
        var tally = new Tally();
        var clock = Stopwatch.StartNew();
        var reported = TimeSpan.Zero;
        for (var step = 0; step < batches.Steps; step++)
        {
            cancel.ThrowIfCancellationRequested();
            Step(epoch, step, ahead.Next(), tally);
            if (clock.Elapsed - reported > ReportInterval)
            {
                reported = clock.Elapsed;
                var sofar = Finite(tally.Read(), "loss", $"by step {step + 1} of epoch {epoch}");
                var speed = tally.Images / clock.Elapsed.TotalSeconds;
                report(Progress.NewStep(epoch, step + 1, batches.Steps, sofar.Loss, sofar.Accuracy, speed));
            }
        }

        // Once numbers have ceased to be finite the sum is not finite either, so nothing slips through between reports.
        var training = Finite(tally.Read(), "loss", $"by step {batches.Steps} of epoch {epoch}");
        if (solver is not null)
        {
            // The pass above has settled the running statistics; now the layer is solved for on what they give.
            solver.Solve(set.Training, batches.Training, cancel);
        }

        var seconds = clock.Elapsed.TotalSeconds;
        if (solver is not null)
        {
            training = Judge(set.Training, batches.Training, cancel);
        }

        var judged = batches.HeldOut.Length > 0 ? Judge(set.Training, batches.HeldOut, cancel) : Test(cancel);
        var validation = Finite(judged, "validation loss", $"after epoch {epoch}");
        return new EpochRecord(
            epoch, training.Loss, training.Accuracy, validation.Loss, validation.Accuracy, seconds);
    }

    /// <summary>Judges the net on the test set.</summary>
    /// <exception cref="RunException">The loss is not a finite number.</exception>
    public Judgement Test(CancellationToken cancel) => Finite(
        Judge(set.Test, [.. Enumerable.Range(0, set.Test.Count).Select(i => (long)i)], cancel),
        "test loss",
        "at the end");

    private Judgement Judge(ImagePart part, long[] places, CancellationToken cancel) =>
        evaluation.Judge(part, places, cancel);

    private ReadOnlySpan<long> Places(long[] order, int step)
    {
        var first = step * recipe.Batch;
        return order.AsSpan(first, Math.Min(recipe.Batch, order.Length - first));
    }

    private void Step(int epoch, int step, PreparedBatch prepared, Tally tally)
    {
        using var scope = NewDisposeScope();
        var batch = batches.Take(prepared);
        if (net.HasDropout)
        {
            var key = RandomStream.Key(recipe.Seed, $"dropout of epoch {epoch}");
            manual_seed((long)(RandomStream.Bits(key, step) >> 1));
        }

        var logits = net.Forward(batch.Images, training: true);
        var loss = F.cross_entropy(logits, batch.Labels, recipe.Loss.Smoothing);
        // Where nothing learns there is still something to measure, and statistics to estimate.
        if (loss.requires_grad)
        {
            loss.backward();
            optimizer.Step(schedule.Factor(epoch, step));
        }

        tally.Add(loss, logits, batch.Labels, prepared.Labels.Length);
    }

    private static Judgement Finite(Judgement judgement, string what, string when) =>
        double.IsFinite(judgement.Loss)
            ? judgement
            : throw new RunException(
                $"training has diverged: the {what} is {judgement.Loss} {when}",
                "try a lower learning rate, such as a tenth; or less momentum");
}
