using System.Diagnostics;
using System.Globalization;
using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Optimization;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Training;

/// <summary>
/// Trains one recipe epoch by epoch. It can stop after any step and resume with the same bits. The tensors belong to the scope
/// that creates it.
/// </summary>
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
    private readonly Evaluation test;
    private readonly RidgeSolver? solver;
    private readonly BestWeights? best;
    private readonly List<EpochRecord> records = [];

    // Of the current epoch.
    private readonly Tally tally = new();
    private int done;
    private double seconds;

    /// <summary>Trains a net that reads images.</summary>
    public Trainer(Recipe recipe, ImageSet set, PassSet? passes = null)
        : this(Checked(recipe, set.Set), new Batches(set, recipe), new WeightTable(recipe), passes)
    {
    }

    /// <summary>Trains on the given batches, starting from the given weights.</summary>
    /// <param name="recipe">The net and its settings.</param>
    /// <param name="batches">The net's input.</param>
    /// <param name="weights">The net's weights.</param>
    /// <param name="passes">The passes to use; null for all.</param>
    /// <param name="testBatches">The source of test images; null for the same as the other images.</param>
    public Trainer(Recipe recipe, Batches batches, WeightTable weights, PassSet? passes = null, Batches? testBatches = null)
    {
        this.recipe = Checked(recipe, batches.Seen);
        this.batches = batches;
        set = batches.Images;
        Weights = weights;
        net = new NetExecutor(recipe, Weights, passes);
        optimizer = LeafOptimizer.Create(recipe.Optimizer, Weights.Leaves, net.HasKernels);
        schedule = new RateSchedule(recipe, batches.Steps, records);
        evaluation = new Evaluation(batches, net, recipe);
        test = testBatches is null ? evaluation : new Evaluation(testBatches, net, recipe);
        solver = RidgeSolver.Of(recipe, batches, net, Weights);
        best = recipe.Keep.IsBest ? new BestWeights(Weights) : null;
        optimizer.Begin(1);
    }

    /// <summary>The current weights.</summary>
    public WeightTable Weights { get; }

    /// <summary>The completed epochs.</summary>
    public IReadOnlyList<EpochRecord> Records => records;

    /// <summary>The predicted class of each test image at the last evaluation, or null.</summary>
    public int[]? Answers { get; private set; }

    /// <summary>The maximal number of epochs.</summary>
    public int Epochs => recipe.Epochs;

    /// <summary>Whether all epochs are done, or one of the recipe's stops applies.</summary>
    public bool IsDone => records.Count == Epochs || (records.Count > 0 && Stopping.Holds(recipe.Stops, records));

    /// <summary>The position of the training; the caller adds the run's identity.</summary>
    public ResumePoint Position
    {
        get
        {
            var (loss, right) = tally.Sums;
            return new ResumePoint(
                "", records.Count + 1, done, loss, right, tally.Images, seconds, [.. records], [], get_num_threads(), "");
        }
    }

    /// <summary>Everything that the next step depends on; the caller's scope owns new tensors.</summary>
    public IReadOnlyList<(string Name, Tensor Value)> State() => [.. Weights.State(), .. StateBesideWeights()];

    /// <summary>As above, without the current weights.</summary>
    public IReadOnlyList<(string Name, Tensor Value)> StateBesideWeights() => [.. optimizer.State(), .. best?.State() ?? []];

    /// <summary>Moves to the position of another training of this recipe, or of one that this recipe extends.</summary>
    /// <exception cref="InvalidDataException">Something is missing; nothing has changed then.</exception>
    public void Restore(ResumePoint position, Func<string, long[], Tensor> saved)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        foreach (var (name, value) in State())
        {
            using var there = saved(name, value.shape);
        }

        Weights.Restore(saved);
        optimizer.Restore(saved);
        best?.Restore(saved);
        records.Clear();
        records.AddRange(position.Records);
        tally.Set(position.LossSum, position.Right, position.Images);
        (done, seconds) = (position.Step, position.Seconds);
        optimizer.Begin(position.Epoch);
    }

    /// <summary>Trains the current epoch to its end, then evaluates the net on the validation images.</summary>
    /// <param name="report">Receives steps, at most ten times a second.</param>
    /// <param name="cancel">Stops after the current step; the epoch can be resumed.</param>
    /// <param name="afterStep">Called wherever the training may be saved.</param>
    /// <exception cref="RunException">The loss is no longer a finite number.</exception>
    public EpochTime Epoch(Action<Progress> report, CancellationToken cancel, Action? afterStep = null)
    {
        using var scope = NewDisposeScope();
        var epoch = records.Count + 1;
        var order = batches.Order(epoch);
        var first = done;
        using var ahead = new Prefetcher<PreparedBatch>(
            batches.Steps - first, step => batches.Prepare(epoch, Places(order, first + step)), cancel);
        var clock = Stopwatch.StartNew();
        var (before, reported) = (seconds, TimeSpan.Zero);
        while (done < batches.Steps)
        {
            cancel.ThrowIfCancellationRequested();
            Step(epoch, done, ahead.Next());
            done++;
            seconds = before + clock.Elapsed.TotalSeconds;
            if (clock.Elapsed - reported > ReportInterval)
            {
                reported = clock.Elapsed;
                var sofar = Finite(tally.Read(), "loss", $"by step {done} of epoch {epoch}");
                report(Progress.NewStep(epoch, Epochs, done, batches.Steps, sofar.Loss, sofar.Accuracy, tally.Images / seconds));
            }

            afterStep?.Invoke();
        }

        // If any loss was not finite, the sum is not either, so nothing slips through between reports.
        var training = Finite(tally.Read(), "loss", $"by step {done} of epoch {epoch}");
        // The solver uses the running statistics that this pass has computed.
        solver?.Solve(set.Training, batches.Training, cancel);
        seconds = before + clock.Elapsed.TotalSeconds;
        if (solver is not null)
        {
            training = evaluation.Judge(set.Training, batches.Training, cancel);
        }

        var judged = batches.HeldOut.Length > 0 ? evaluation.Judge(set.Training, batches.HeldOut, cancel) : Test(cancel);
        var validation = Finite(judged, "validation loss", $"after epoch {epoch}");
        records.Add(new EpochRecord(epoch, training.Loss, training.Accuracy, validation.Loss, validation.Accuracy));
        if (EpochRecordModule.best(records).Epoch == epoch)
        {
            best?.Take();
        }

        var time = new EpochTime(
            epoch,
            seconds,
            tally.Images / seconds,
            DateTime.UtcNow.ToString("O", CultureInfo.InvariantCulture),
            Environment.MachineName,
            get_num_threads(),
            "",
            0);
        tally.Set(0, 0, 0);
        (done, seconds) = (0, 0);
        if (epoch < recipe.Epochs)
        {
            // A longer run continues from the last epoch's state, from which nothing has been cleared yet.
            optimizer.Begin(epoch + 1);
        }

        return time;
    }

    /// <summary>
    /// Restores the weights of the best epoch, if the recipe keeps them: the training is over.
    /// </summary>
    /// <returns>That epoch; null if the recipe keeps only the last weights.</returns>
    public EpochRecord? GoBackToBest()
    {
        best?.Return();
        return best is null ? null : EpochRecordModule.best(records);
    }

    /// <summary>Evaluates the net on the test set.</summary>
    /// <exception cref="RunException">The loss is not a finite number.</exception>
    public Judgement Test(CancellationToken cancel)
    {
        // A net that reconstructs its input predicts no classes.
        using var sheet = recipe.Loss.IsReconstruction ? null : new AnswerSheet();
        var judged = Finite(test.JudgeTest(cancel, sheet), "test loss", "at the end");
        Answers = sheet?.Answers();
        return judged;
    }

    // Checked before anything is created from it.
    private static Recipe Checked(Recipe recipe, DataSet seen)
    {
        RecipeCheck.Demand(recipe, seen);
        return recipe;
    }

    private ReadOnlySpan<long> Places(long[] order, int step)
    {
        var first = step * recipe.Batch;
        return order.AsSpan(first, Math.Min(recipe.Batch, order.Length - first));
    }

    private void Step(int epoch, int step, PreparedBatch prepared)
    {
        using var scope = NewDisposeScope();
        var batch = batches.Take(prepared);
        var output = net.Forward(batch.Images, training: true, DropoutKey(epoch, step));
        var loss = Objective.Of(recipe.Loss, output, batch, training: true);
        // Even if nothing is trained, there are losses to measure and statistics to estimate.
        if (loss.requires_grad)
        {
            net.Backward(loss);
            GradientClip.Apply(recipe.Clipping, Weights.Leaves);
            optimizer.Step(schedule.Factor(epoch, step));
        }

        tally.Add(loss, Objective.Right(recipe.Loss, output, batch), prepared.Labels.Length);
    }

    private ulong DropoutKey(int epoch, int step) => net.HasDropout
        ? RandomStream.Bits(RandomStream.Key(recipe.Seed, $"dropout of epoch {epoch}{batches.Whose}"), step)
        : 0;

    private static Judgement Finite(Judgement judgement, string what, string when) =>
        double.IsFinite(judgement.Loss)
            ? judgement
            : throw new RunException(
                $"training has diverged: the {what} is {judgement.Loss} {when}",
                "try a lower learning rate, such as a tenth; or less momentum");
}
