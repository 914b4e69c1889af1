using System.Diagnostics;

namespace Freeze.Runtime.Results;

/// <summary>
/// A folder of runs, each in a folder named by its hash. Any number of processes on any number of machines may share it.
/// To be used by one thread.
/// </summary>
internal sealed class RunStore
{
    private readonly string root;

    // When this process first saw a claim as it is: clocks of other machines are not trusted, nor that ours never jumps.
    private readonly Dictionary<string, (DateTime Touched, long Since)> seen = [];

    /// <summary>The store at a folder, which need not be there.</summary>
    /// <exception cref="RunException">It is of a format that this Freeze does not know.</exception>
    public RunStore(string root)
    {
        StoreFormat.Demand(root);
        this.root = root;
    }

    /// <summary>The folder of a run.</summary>
    public string FolderOf(string hash) => Path.Combine(root, hash);

    /// <summary>Opens the folder of a run that the caller has claimed.</summary>
    public RunFolder Open(Run run, string hash, Claim claim) => new(FolderOf(hash), run, hash, claim);

    /// <summary>The result of a finished run and its times, or null. One that cannot be read is none, and is reported.</summary>
    public RunOutcome? Finished(string hash, Action<string> note)
    {
        var path = Path.Combine(FolderOf(hash), "result.json");
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            var result = Json.ofText<RunResult>(File.ReadAllText(path));
            if (result.Hash == hash)
            {
                return RunOutcome.NewAlready(result, [.. JsonLines.Read<EpochTime>(Path.Combine(FolderOf(hash), "times.jsonl"))]);
            }

            note($"{path} is the result of run {result.Hash}: this run starts anew");
        }
        catch (Json.JsonMismatch error)
        {
            note($"{path} is damaged ({error.message}): the run starts anew");
        }

        return null;
    }

    /// <summary>The failure that a run's last attempt has left, or null.</summary>
    public RunOutcome? Failed(string hash)
    {
        try
        {
            var path = Path.Combine(FolderOf(hash), "failure.json");
            return File.Exists(path) ? RunOutcome.NewFailedBefore(Json.ofText<RunFailure>(File.ReadAllText(path))) : null;
        }
        catch (Json.JsonMismatch)
        {
            return null;
        }
    }

    /// <summary>
    /// Keeps other processes off a run until disposed, or says who keeps this one off. The run's folder is made where it
    /// is missing.
    /// </summary>
    public Claim? Claim(string hash, out string heldBy)
    {
        var folder = Directory.CreateDirectory(FolderOf(hash)).FullName;
        StoreFormat.Mark(root);
        try
        {
            return Results.Claim.Try(folder, IsStale, out heldBy);
        }
        catch (DirectoryNotFoundException)
        {
            // It has just been removed as a run that nobody refers to: the caller may ask again.
            heldBy = "freeze gc";
            return null;
        }
    }

    private bool IsStale(string claim)
    {
        var touched = File.GetLastWriteTimeUtc(claim);
        if (!seen.TryGetValue(claim, out var before) || before.Touched != touched)
        {
            seen[claim] = before = (touched, Stopwatch.GetTimestamp());
        }

        return Stopwatch.GetElapsedTime(before.Since) > Results.Claim.Lease;
    }
}
