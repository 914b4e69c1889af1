using System.Diagnostics;

namespace Freeze.Runtime.Training;

/// <summary>Whether a run ends before its last epoch: a function of what its epochs have measured.</summary>
internal static class Stopping
{
    /// <summary>Whether one of the recipe's stops holds after these epochs, of which there is at least one.</summary>
    public static bool Holds(IReadOnlyList<Stop> stops, IReadOnlyList<EpochRecord> epochs) => stops.Any(stop => stop switch
    {
        Stop.Plateau plateau => epochs.Count - Best(epochs) >= plateau.Epochs,
        Stop.Accuracy accuracy => epochs[^1].ValidationAccuracy >= accuracy.Share,
        _ => throw new UnreachableException($"no stop for plan case {stop}"),
    });

    // The first epoch, from 1, of the best accuracy: one that is as good is no progress.
    private static int Best(IReadOnlyList<EpochRecord> epochs)
    {
        var best = 0;
        for (var i = 1; i < epochs.Count; i++)
        {
            if (epochs[i].ValidationAccuracy > epochs[best].ValidationAccuracy)
            {
                best = i;
            }
        }

        return best + 1;
    }
}
