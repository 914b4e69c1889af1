using System.Diagnostics;
using System.Globalization;
using Freeze.Runtime.Data;

namespace Freeze.Runtime.Prefixes;

/// <summary>Features that were computed once, in memory or in a file that is mapped into it.</summary>
/// <param name="Images">The features as a data set.</param>
/// <param name="Seconds">How long it took to compute them.</param>
internal sealed record KeptFeatures(ImageSet Images, double Seconds) : IDisposable
{
    // What the disk keeps for others.
    private const long Reserve = 1L << 30;

    /// <summary>Computes features into memory.</summary>
    /// <exception cref="OutOfMemoryException">There is not as much.</exception>
    public static KeptFeatures InMemory(FeatureWork work, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        var training = Pixels.Allocated(work.Size, work.Training, put => work.ComputeTraining(put, cancel));
        try
        {
            var test = Pixels.Allocated(work.Size, work.Test, put => work.ComputeTest(put, cancel));
            return new KeptFeatures(work.Set(training, test), clock.Elapsed.TotalSeconds);
        }
        catch
        {
            training.Dispose();
            throw;
        }
    }

    /// <summary>Whether a folder's disk has room for a file of features.</summary>
    public static bool HasRoom(string folder, long bytes) =>
        bytes <= new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace - Reserve;

    /// <summary>Opens the file of these features; where there is none that is whole, computes and writes it first.</summary>
    /// <param name="work">The features.</param>
    /// <param name="path">The file; this process has claimed its folder.</param>
    /// <param name="digest">The SHA-256 of what they come from.</param>
    /// <param name="what">What is said when they are computed.</param>
    /// <param name="note">Is told so.</param>
    /// <param name="cancel">Ends the work; no file is left.</param>
    public static KeptFeatures InFile(
        FeatureWork work, string path, byte[] digest, string what, Action<string> note, CancellationToken cancel)
    {
        var file = new FeatureFile(path, digest, work.Size, work.Training, work.Test);
        var found = file.TryOpen(note);
        if (found is null)
        {
            note(what);
            var clock = Stopwatch.StartNew();
            file.Write(
                put =>
                {
                    work.ComputeTraining(put, cancel);
                    work.ComputeTest(put, cancel);
                },
                () => clock.Elapsed.TotalSeconds);
            found = file.TryOpen(note) ?? throw new IOException($"{path} cannot be read back as it was written");
        }

        return new KeptFeatures(work.Set(found.Value.Training, found.Value.Test), found.Value.Seconds);
    }

    /// <summary>Bytes as people read them.</summary>
    public static string Amount(long bytes) => bytes < 1_000_000_000
        ? string.Create(CultureInfo.InvariantCulture, $"{Math.Max(1, bytes / 1e6):F0} MB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:F1} GB");

    /// <summary>Gives the memory back.</summary>
    public void Dispose() => Images.Dispose();
}
