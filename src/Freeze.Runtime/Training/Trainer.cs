using System.Diagnostics;
using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Optimization;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Runtime.Training;

/// <summary>Trains one recipe, epoch by epoch. Its tensors belong to the scope that it was made in.</summary>
internal sealed class Trainer
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(100);

    private readonly Recipe recipe;
    private readonly Batches batches;
    private readonly NetExecutor net;
    private readonly Sgd optimizer;

    public Trainer(Recipe recipe, ImageSet set)
    {
        this.recipe = recipe;
        batches = new Batches(set, recipe);
        Weights = new WeightTable(recipe);
        net = new NetExecutor(recipe.Net, Weights);
        optimizer = new Sgd(recipe.Optimizer, Weights.Leaves);
    }

    /// <summary>The weights as they are now.</summary>
    public WeightTable Weights { get; }

    /// <summary>Trains one epoch (from 1), then judges the net on the validation images.</summary>
    /// <exception cref="RunException">The loss is no longer a finite number.</exception>
    public EpochRecord Epoch(int epoch, Action<Progress> report, CancellationToken cancel)
    {
        using var scope = NewDisposeScope();
        var order = batches.Order(epoch);
        var tally = new Tally();
        var clock = Stopwatch.StartNew();
        var reported = TimeSpan.Zero;
        for (var step = 0; step < batches.Steps; step++)
        {
            cancel.ThrowIfCancellationRequested();
            Step(epoch, step, order, tally);
            if (clock.Elapsed - reported > ReportInterval)
            {
                reported = clock.Elapsed;
                var sofar = Finite(tally.Read(), epoch, step);
                var speed = tally.Images / clock.Elapsed.TotalSeconds;
                report(Progress.NewStep(epoch, step + 1, batches.Steps, sofar.Loss, sofar.Accuracy, speed));
            }
        }

        var training = Finite(tally.Read(), epoch, batches.Steps - 1);
        var seconds = clock.Elapsed.TotalSeconds;
        var validation = batches.HoldsOut ? Judge(batches.HeldOut(), cancel) : Test(cancel);
        return new EpochRecord(
            epoch, training.Loss, training.Accuracy, validation.Loss, validation.Accuracy, seconds);
    }

    /// <summary>Judges the net on the test set.</summary>
    public Judgement Test(CancellationToken cancel) => Judge(batches.Test(), cancel);

    private Judgement Judge(IEnumerable<(Tensor Images, Tensor Labels)> images, CancellationToken cancel) =>
        Tally.Judge(images, batch => net.Forward(batch, training: false), cancel);

    private void Step(int epoch, int step, long[] order, Tally tally)
    {
        using var scope = NewDisposeScope();
        var (images, labels) = batches.Training(order, step);
        if (net.HasDropout)
        {
            var key = RandomStream.Key(recipe.Seed, $"dropout of epoch {epoch}");
            manual_seed((long)(RandomStream.Bits(key, step) >> 1));
        }

        var logits = net.Forward(images, training: true);
        var loss = F.cross_entropy(logits, labels);
        if (loss.requires_grad)
        {
            loss.backward();
            optimizer.Step();
        }

        tally.Add(loss, logits, labels, (int)labels.numel());
    }

    private static Judgement Finite(Judgement judgement, int epoch, int step) =>
        double.IsFinite(judgement.Loss)
            ? judgement
            : throw new RunException(
                $"the loss is {judgement.Loss} by step {step + 1} of epoch {epoch}: training has diverged",
                "try a lower learning rate, such as a tenth");
}
