using Freeze.Runtime.Results;
using Freeze.Runtime.Training;

namespace Freeze.Runtime.Prefixes;

/// <summary>
/// Files of features under a folder, each in a folder that is named by what it comes from, for all runs that have that in
/// common. They may take so many bytes in all; the one that was used least lately goes first.
/// </summary>
/// <param name="root">The folder; it is made where it is missing.</param>
internal sealed class FeatureStore(string root)
{
    private const string FileName = "features";

    private readonly RunStore store = new(root);

    /// <summary>Opens the features of a digest, which are computed first unless they are there; null where there is no room.</summary>
    /// <param name="work">The features.</param>
    /// <param name="digest">The SHA-256 of all that their bits depend on.</param>
    /// <param name="what">What is said when they are computed.</param>
    /// <param name="session">How many bytes there may be, and who is told.</param>
    /// <exception cref="ElsewhereException">Another process is computing them.</exception>
    public KeptFeatures? Open(FeatureWork work, byte[] digest, string what, TrainingSession session)
    {
        var address = Convert.ToHexStringLower(digest)[..16];
        try
        {
            using var claim = store.Claim(address, out var heldBy) ?? throw new ElsewhereException($"{heldBy}, features");
            var path = Path.Combine(store.FolderOf(address), FileName);
            if (!File.Exists(path))
            {
                if (work.Bytes > session.Options.FeatureBytes || !MakeRoom(work.Bytes, address, session.Options.FeatureBytes))
                {
                    session.Note($"no room for {KeptFeatures.Amount(work.Bytes)} of features: each batch computes those of the fixed layers");
                    return null;
                }
            }

            var kept = KeptFeatures.InFile(work, path, digest, what, session.Note, session.Cancel);
            // Now used: others go before it.
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
            return kept;
        }
        catch (IOException error)
        {
            session.Note($"features cannot be kept ({error.Message}): each batch computes those of the fixed layers");
            return null;
        }
    }

    // A process that has mapped a file which is removed keeps what it has mapped.
    private bool MakeRoom(long bytes, string address, long most)
    {
        var others = new DirectoryInfo(root).EnumerateDirectories()
            .Where(folder => folder.Name != address)
            .Select(folder => new FileInfo(Path.Combine(folder.FullName, FileName)))
            .Where(file => file.Exists)
            .OrderBy(file => file.LastWriteTimeUtc)
            .ToList();
        foreach (var file in others)
        {
            if (others.Sum(other => other.Exists ? other.Length : 0) + bytes <= most && KeptFeatures.HasRoom(root, bytes))
            {
                break;
            }

            if (store.Remove(file.Directory!.Name) is null)
            {
                file.Refresh();
            }
        }

        return KeptFeatures.HasRoom(root, bytes);
    }
}
