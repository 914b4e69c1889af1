namespace Freeze.Runtime.Results;

/// <summary>Removes from a store, and from nowhere else. It touches no run that a process is at.</summary>
public sealed class StoreCleaner(string root)
{
    private readonly RunStore store = new(root);

    /// <summary>The bytes that the files of a run take.</summary>
    public long Size(string hash) => new DirectoryInfo(store.FolderOf(hash)).EnumerateFiles().Sum(file => file.Length);

    /// <summary>Removes a run. Null where that is done, else why it is not.</summary>
    public string? Remove(string hash)
    {
        var folder = new DirectoryInfo(store.FolderOf(hash));
        if (!StoreView.IsHash(hash) || folder.LinkTarget is not null)
        {
            return "it is no run's folder";
        }

        if (folder.EnumerateDirectories().Any())
        {
            return "there is a folder in it, which is not Freeze's";
        }

        using (var claim = store.Claim(hash, out var heldBy))
        {
            if (claim is null)
            {
                return $"{heldBy} is at it";
            }

            // The result first: what is left of a run whose removal was killed is no finished run.
            File.Delete(Path.Combine(folder.FullName, "result.json"));
            foreach (var file in folder.EnumerateFiles().Where(file => !file.Name.StartsWith("claim-", StringComparison.Ordinal)))
            {
                file.Delete();
            }
        }

        try
        {
            folder.Delete(recursive: false);
        }
        catch (IOException) when (folder.Exists)
        {
            // Another process has just begun the run anew.
        }

        return null;
    }

    /// <summary>
    /// Takes back the failure of a run, so that it is tried again. Where a process is at the run, that one decides.
    /// </summary>
    public void ForgetFailure(string hash)
    {
        using var claim = store.Claim(hash, out _);
        if (claim is not null)
        {
            File.Delete(Path.Combine(store.FolderOf(hash), "failure.json"));
        }
    }
}
