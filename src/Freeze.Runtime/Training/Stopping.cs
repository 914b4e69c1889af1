using System.Diagnostics;

namespace Freeze.Runtime.Training;

/// <summary>Decides whether a run ends before its last epoch, from its epochs' measurements alone.</summary>
internal static class Stopping
{
    /// <summary>Whether one of the recipe's stops applies after these epochs, of which there is at least one.</summary>
    public static bool Holds(IReadOnlyList<Stop> stops, IReadOnlyList<EpochRecord> epochs) => stops.Any(stop => stop switch
    {
        // The first of equally good epochs: a tie is no progress.
        Stop.Plateau plateau => epochs.Count - EpochRecordModule.best(epochs).Epoch >= plateau.Epochs,
        Stop.After after => epochs.Count >= after.Epochs,
        Stop.Accuracy accuracy => epochs[^1].ValidationAccuracy >= accuracy.Share,
        _ => throw new UnreachableException($"no stop for plan case {stop}"),
    });
}
