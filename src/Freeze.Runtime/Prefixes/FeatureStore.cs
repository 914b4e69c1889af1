using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Freeze.Runtime.Data;
using Freeze.Runtime.Results;
using Freeze.Runtime.Training;
using static TorchSharp.torch;

namespace Freeze.Runtime.Prefixes;

/// <summary>
/// Files of features, each in a folder named after its source, for all runs that share that source. Their total size is limited;
/// the least recently used file is removed first.
/// </summary>
/// <param name="root">The folder; created if it is missing.</param>
internal sealed class FeatureStore(string root)
{
    private const string FileName = "features";

    // The disk space to leave free.
    private const long Reserve = 1L << 30;

    private readonly RunStore store = new(root);

    /// <summary>Features in memory or in a file, which are computed if they are missing; null if there is no room.</summary>
    /// <param name="features">The features.</param>
    /// <param name="from">Everything that their bits depend on, except for the libraries and the machine.</param>
    /// <param name="what">Their name for notes, such as "the outputs of pool2".</param>
    /// <param name="memory">How many bytes may be kept in memory; more go to a file.</param>
    /// <param name="session">Sets the limit of all files, and receives notes.</param>
    /// <exception cref="ElsewhereException">Another process is computing them.</exception>
    public KeptFeatures? Keep(FrontFeatures features, string from, string what, long memory, TrainingSession session)
    {
        what = $"computing {what} once, {Amount(features.Bytes)}";
        if (features.Bytes <= memory)
        {
            session.Note($"{what} in memory");
            return InMemory(features, session.Cancel);
        }

        // Versions and threads are part of the address, because they may change the bits.
        var content = $"{from}, {session.Versions}, {get_num_threads()} threads";
        try
        {
            return InFile(features, SHA256.HashData(Encoding.UTF8.GetBytes(content)), $"{what} in a file", session);
        }
        catch (IOException error)
        {
            session.Note($"features cannot be kept ({error.Message}): each batch computes those of the fixed layers");
            return null;
        }
    }

    /// <summary>Removes a file, unless another process is using it; existing mappings stay valid.</summary>
    /// <returns>Whether it is gone.</returns>
    public bool Remove(string address)
    {
        try
        {
            return store.Remove(address) is null;
        }
        catch (DirectoryNotFoundException)
        {
            // Another process has just made room.
            return true;
        }
    }

    private static KeptFeatures InMemory(FrontFeatures features, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        var training = Pixels.Allocated(features.Size, features.Rows.Count, put => features.ComputeTraining(put, cancel));
        try
        {
            var test = Pixels.Allocated(features.Size, features.Test, put => features.ComputeTest(put, cancel));
            return new KeptFeatures(features.Set(training, test), clock.Elapsed.TotalSeconds, "");
        }
        catch
        {
            training.Dispose();
            throw;
        }
    }

    private KeptFeatures? InFile(FrontFeatures features, byte[] digest, string what, TrainingSession session)
    {
        var address = Convert.ToHexStringLower(digest)[..16];
        using var claim = store.ClaimOrThrow(address, "features");
        var path = Path.Combine(store.FolderOf(address), FileName);
        var file = new FeatureFile(path, digest, features.Size, checked((int)features.Rows.Count), features.Test);
        var found = file.TryOpen(session.Note);
        if (found is null)
        {
            if (!MakeRoom(features.Bytes, address, session.Options.FeatureBytes))
            {
                session.Note($"no room for {Amount(features.Bytes)} of features: each batch computes those of the fixed layers");
                return null;
            }

            session.Note(what);
            var clock = Stopwatch.StartNew();
            file.Write(
                put =>
                {
                    features.ComputeTraining(put, session.Cancel);
                    features.ComputeTest(put, session.Cancel);
                },
                () => clock.Elapsed.TotalSeconds);
            found = file.TryOpen(session.Note) ?? throw new IOException($"{path} does not contain what was written to it");
        }

        // Marks it as used, so that others are removed first.
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
        return new KeptFeatures(features.Set(found.Value.Training, found.Value.Test), found.Value.Seconds, address);
    }

    private bool MakeRoom(long bytes, string address, long most)
    {
        if (bytes > most)
        {
            return false;
        }

        var others = new DirectoryInfo(root).EnumerateDirectories()
            .Where(folder => folder.Name != address)
            .Select(folder => new FileInfo(Path.Combine(folder.FullName, FileName)))
            .Where(file => file.Exists)
            .OrderBy(file => file.LastWriteTimeUtc)
            .ToList();
        bool HasRoom() => bytes <= new DriveInfo(Path.GetFullPath(root)).AvailableFreeSpace - Reserve;
        foreach (var file in others)
        {
            if (others.Sum(other => other.Exists ? other.Length : 0) + bytes <= most && HasRoom())
            {
                break;
            }

            if (Remove(file.Directory!.Name))
            {
                file.Refresh();
            }
        }

        return HasRoom();
    }

    // In readable form.
    private static string Amount(long bytes) => bytes < 1_000_000_000
        ? string.Create(CultureInfo.InvariantCulture, $"{Math.Max(1, bytes / 1e6):F0} MB")
        : Machine.Readable(bytes);
}
