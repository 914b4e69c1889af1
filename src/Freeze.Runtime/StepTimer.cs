using System.Diagnostics;
using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Training;
using static TorchSharp.torch;

namespace Freeze.Runtime;

/// <summary>Measures how fast this process takes the steps of a run; keeps no results.</summary>
public static class StepTimer
{
    // The first steps allocate memory and wake the threads.
    private const int WarmUp = 4;

    /// <summary>Training steps per second of the whole net, even if the run trains in stages; without evaluation.</summary>
    /// <param name="run">The run to measure.</param>
    /// <param name="data">Finds its images.</param>
    /// <param name="threads">The number of threads.</param>
    /// <param name="span">About how long to measure; it takes at most three times as long.</param>
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
