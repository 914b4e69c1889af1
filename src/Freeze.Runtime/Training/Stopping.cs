using System.Diagnostics;

namespace Freeze.Runtime.Training;

/// <summary>Whether a run ends before its last epoch: a function of what its epochs have measured.</summary>
internal static class Stopping
{
    /// <summary>Whether one of the recipe's stops holds after these epochs, of which there is at least one.</summary>
    public static bool Holds(IReadOnlyList<Stop> stops, IReadOnlyList<EpochRecord> epochs) => stops.Any(stop => stop switch
    {
        // Of the best ones the first: one that is as good is no progress.
        Stop.Plateau plateau => epochs.Count - EpochRecordModule.best(epochs).Epoch >= plateau.Epochs,
        Stop.After after => epochs.Count >= after.Epochs,
        Stop.Accuracy accuracy => epochs[^1].ValidationAccuracy >= accuracy.Share,
        _ => throw new UnreachableException($"no stop for plan case {stop}"),
    });
}
