using System.Diagnostics;
using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Training;
using static TorchSharp.torch;

namespace Freeze.Runtime;

/// <summary>How fast this process takes the steps of a run; nothing of the training is kept.</summary>
public static class StepTimer
{
    // The first ones reserve memory and wake the threads.
    private const int WarmUp = 4;

    /// <summary>Training steps a second, of the whole net whatever the run's way to learn; judging is not counted.</summary>
    /// <param name="run">What to train.</param>
    /// <param name="data">Where its images are.</param>
    /// <param name="threads">How many threads compute.</param>
    /// <param name="span">About how long to measure, at most three times as long.</param>
    /// <exception cref="RunException">The run cannot be trained.</exception>
    public static double StepsPerSecond(Run run, DataCatalog data, int threads, TimeSpan span)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(data);
        using var device = Computing.Begin(run.Recipe);
        using var images = data.Load(run.Recipe.Data, _ => { });
        using var scope = NewDisposeScope();
        set_num_threads(threads);
        var trainer = new Trainer(Origins.apart(Freeze.Ensembles.start(run.Recipe, run.Recipe.Epochs)), images);
        Train(trainer, (steps, taken) => steps == WarmUp || taken > span.TotalSeconds);
        var whole = Stopwatch.StartNew();
        var (done, seconds) = Train(trainer, (_, taken) => taken >= span.TotalSeconds || whole.Elapsed > 3 * span);
        return done / seconds;
    }

    private static (int Steps, double Seconds) Train(Trainer trainer, Func<int, double, bool> isEnough)
    {
        using var source = new CancellationTokenSource();
        var (steps, seconds) = (0, 0.0);
        while (!source.IsCancellationRequested)
        {
            var (before, clock) = (seconds, Stopwatch.StartNew());
            try
            {
                trainer.Epoch(_ => { }, source.Token, () =>
                {
                    steps++;
                    seconds = before + clock.Elapsed.TotalSeconds;
                    if (isEnough(steps, seconds))
                    {
                        source.Cancel();
                    }
                });
            }
            catch (OperationCanceledException) when (source.IsCancellationRequested)
            {
            }
        }

        return (steps, seconds);
    }
}
