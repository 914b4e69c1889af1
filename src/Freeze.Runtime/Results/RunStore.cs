namespace Freeze.Runtime.Results;

/// <summary>A folder of runs, each in a folder named by its hash. Several processes may share it.</summary>
internal sealed class RunStore(string root)
{
    // EAGAIN on Linux and on macOS, and Windows' sharing violation: the file is there and somebody holds it.
    private static readonly int[] HeldByAnother = [11, 35, unchecked((int)0x80070020)];

    /// <summary>Opens the folder of a run that the caller has claimed, and begins its records anew.</summary>
    public RunFolder Open(Run run, string hash) => new(Path.Combine(root, hash), run);

    /// <summary>The result of a finished run, or null. One that cannot be read is none, and is reported.</summary>
    public RunResult? Finished(string hash, Action<string> note)
    {
        var path = Path.Combine(root, hash, "result.json");
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            var result = Json.ofText<RunResult>(File.ReadAllText(path));
            if (result.Hash == hash)
            {
                return result;
            }

            note($"{path} is the result of run {result.Hash}: this run starts anew");
        }
        catch (Json.JsonMismatch error)
        {
            note($"{path} is damaged ({error.message}): the run starts anew");
        }

        return null;
    }

    /// <summary>
    /// Keeps other processes off a run until disposed. Its folder is made where it is missing. The system drops the
    /// lock with the process, however that ends; the file stays, for were it removed, two processes could hold locks
    /// on two files of its name.
    /// </summary>
    /// <exception cref="RunException">Another process has claimed it.</exception>
    public IDisposable Claim(string hash)
    {
        var folder = Directory.CreateDirectory(Path.Combine(root, hash)).FullName;
        try
        {
            return new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error) when (HeldByAnother.Contains(error.HResult))
        {
            throw new RunException(
                "another process is training this run",
                "wait for it, then run again; or train into another store with --store",
                error);
        }
    }
}
