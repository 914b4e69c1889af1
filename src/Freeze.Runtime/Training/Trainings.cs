using Freeze.Runtime.Results;
using static TorchSharp.torch;

namespace Freeze.Runtime.Training;

/// <summary>Training that is done only once, by the first process that needs it.</summary>
internal static class Trainings
{
    /// <summary>The entry of a store at an address; trains it under a claim if it is missing.</summary>
    /// <param name="store">The store.</param>
    /// <param name="address">The entry's address.</param>
    /// <param name="what">What another process may be training, such as "stage 1"; "" for the run itself.</param>
    /// <param name="find">Finds the entry, or null; reports a damaged one.</param>
    /// <param name="train">Trains it.</param>
    /// <param name="note">Receives reports of damage.</param>
    /// <exception cref="ElsewhereException">Another process is training it.</exception>
    public static T GetOrTrain<T>(
        this RunStore store, string address, string what, Func<Action<string>, T?> find, Func<Claim, T> train, Action<string> note)
        where T : class
    {
        if (find(_ => { }) is { } known)
        {
            return known;
        }

        using var claim = store.ClaimOrThrow(address, what);
        // Checked again: another process may have finished it since.
        return find(note) ?? train(claim);
    }

    /// <summary>Claims an address of a store.</summary>
    /// <exception cref="ElsewhereException">Another process has claimed it.</exception>
    public static Claim ClaimOrThrow(this RunStore store, string address, string what) =>
        store.Claim(address, out var heldBy) ?? throw new ElsewhereException(what.Length > 0 ? $"{heldBy}, {what}" : heldBy);

    /// <summary>
    /// The record of a part of a run, whose training has a folder of its own, under the run's claim. Trains it if there is no
    /// record, with a scope for its tensors.
    /// </summary>
    /// <param name="place">The folder; created if it is missing.</param>
    /// <param name="isSame">Whether a record belongs to this training.</param>
    /// <param name="train">Trains it, writes weights and record to the folder, and returns the record.</param>
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
