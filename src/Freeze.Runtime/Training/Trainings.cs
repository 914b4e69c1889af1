using Freeze.Runtime.Results;
using static TorchSharp.torch;

namespace Freeze.Runtime.Training;

/// <summary>Trainings that are done once, by whichever process comes first.</summary>
internal static class Trainings
{
    /// <summary>What a store has at an address; it is trained under a claim where the store lacks it.</summary>
    /// <param name="store">The store.</param>
    /// <param name="address">Where it has it.</param>
    /// <param name="what">What another process is at then, such as "stage 1"; "" for the run itself.</param>
    /// <param name="find">Looks for it; what is damaged is told of and not found.</param>
    /// <param name="train">Makes it.</param>
    /// <param name="note">Is told of what is damaged.</param>
    /// <exception cref="ElsewhereException">Another process is at it.</exception>
    public static T GetOrTrain<T>(
        this RunStore store, string address, string what, Func<Action<string>, T?> find, Func<Claim, T> train, Action<string> note)
        where T : class
    {
        if (find(_ => { }) is { } known)
        {
            return known;
        }

        using var claim = store.ClaimOrThrow(address, what);
        // Asked again: another process may have finished it since.
        return find(note) ?? train(claim);
    }

    /// <summary>The claim of what a store has at an address, or is to have.</summary>
    /// <exception cref="ElsewhereException">Another process is at it.</exception>
    public static Claim ClaimOrThrow(this RunStore store, string address, string what) =>
        store.Claim(address, out var heldBy) ?? throw new ElsewhereException(what.Length > 0 ? $"{heldBy}, {what}" : heldBy);

    /// <summary>
    /// The record that the training of a part of a run has left in a folder of its own, under the run's claim; it is trained
    /// where there is none, with a scope for its tensors.
    /// </summary>
    /// <param name="place">The folder; it is made where it is missing.</param>
    /// <param name="isSame">Whether a record is that of this training.</param>
    /// <param name="train">Trains it, leaves weights and record in the folder, and gives the record.</param>
    public static T GetOrTrain<T>(RunFiles place, Predicate<T> isSame, Func<T> train)
        where T : class
    {
        try
        {
            if (place.IsFinished && File.Exists(place.WeightsPath) &&
                Json.ofText<T>(File.ReadAllText(place.ResultPath)) is { } known && isSame(known))
            {
                place.ForgetCheckpoints();
                return known;
            }
        }
        catch (Json.JsonMismatch)
        {
            // It is trained again.
        }

        Directory.CreateDirectory(place.Folder);
        using var scope = NewDisposeScope();
        return train();
    }
}
