using System.Text;

namespace Freeze.Records;

/// <summary>Another process has taken over the run that this process had claimed.</summary>
internal sealed class LostClaimException() : Exception("another process has taken this run over");

/// <summary>
/// The exclusive right to train one run, held until disposed. It is a file, claim-1, that is created atomically, on network file
/// systems too, and that its holder touches now and then. If the holder has ended, or the file is not touched for the length of a
/// lease, another process takes over by creating claim-2, and so on: the highest number holds. Each number can be created only
/// once, so two processes cannot both succeed.
/// </summary>
internal sealed class Claim : IDisposable
{
    /// <summary>How often a holder touches its claim.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromSeconds(10);

    /// <summary>How long an untouched claim remains valid.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromMinutes(2);

    /// <summary>The prefix of claims' file names.</summary>
    public const string Prefix = "claim-";

    private readonly string path;
    private readonly Holder holder;
    private readonly Timer beat;
    private readonly Lock touching = new();
    private bool disposed;

    private Claim(string path, Holder holder)
    {
        this.path = path;
        this.holder = holder;
        beat = new Timer(_ => Touch(), null, Beat, Beat);
    }

    /// <summary>
    /// Claims a folder that nobody holds; otherwise returns null and the holder. An untouched claim is taken over once
    /// <paramref name="isStale"/> is true for its file.
    /// </summary>
    public static Claim? Try(string folder, Func<string, bool> isStale, out string heldBy)
    {
        heldBy = "";
        var held = Highest(folder);
        var path = PathOf(folder, held);
        var other = held > 0 ? Read(path) : null;
        if (held > 0 && other?.HasEnded() != true && !isStale(path))
        {
            heldBy = Holder.Name(other);
            return null;
        }

        var next = PathOf(folder, held + 1);
        var me = Holder.Me();
        try
        {
            using var file = new FileStream(next, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
            file.Write(Encoding.UTF8.GetBytes(me + "\n"));
        }
        catch (IOException) when (File.Exists(next))
        {
            heldBy = "another process";
            return null;
        }

        // Since this process looked, others may have taken the run over, finished it and released it; another may even be
        // creating claims from 1 on. Then what this process saw is no longer true.
        if (Highest(folder) != held + 1 || (held > 0 && (!File.Exists(path) || Read(path) != other)))
        {
            File.Delete(next);
            heldBy = "another process";
            return null;
        }

        return new Claim(next, me);
    }

    /// <summary>The holder of a folder's claim, or null, and the claim's file.</summary>
    public static (Holder? Holder, string Path)? Current(string folder) =>
        Highest(folder) is > 0 and var held ? (Read(PathOf(folder, held)), PathOf(folder, held)) : null;

    /// <summary>Demands that this process still holds the run; call this before writing anything.</summary>
    /// <exception cref="LostClaimException">Another process has taken it over, because this one seemed to have ended.</exception>
    public void Demand()
    {
        if (Read(path)?.Nonce != holder.Nonce || Highest(Path.GetDirectoryName(path)!) != Number(path))
        {
            throw new LostClaimException();
        }
    }

    /// <summary>Releases the run.</summary>
    public void Dispose()
    {
        lock (touching)
        {
            disposed = true;
            beat.Dispose();
            if (Read(path)?.Nonce != holder.Nonce)
            {
                return;
            }

            // From the lowest on, so that the highest remains until the end.
            var folder = Path.GetDirectoryName(path)!;
            for (var number = 1; number <= Number(path); number++)
            {
                File.Delete(PathOf(folder, number));
            }
        }
    }

    private static string PathOf(string folder, int number) => Path.Combine(folder, $"{Prefix}{number}");

    private static int Highest(string folder) =>
        Directory.EnumerateFiles(folder, $"{Prefix}*").Select(Number).DefaultIfEmpty().Max();

    private static int Number(string path) =>
        int.TryParse(Path.GetFileName(path).AsSpan(Prefix.Length), out var number) ? number : 0;

    // A claim may vanish at any time, and be empty for an instant.
    private static Holder? Read(string path)
    {
        try
        {
            return Holder.Parse(File.ReadAllText(path));
        }
        catch (IOException)
        {
            return null;
        }
    }

    private void Touch()
    {
        lock (touching)
        {
            if (disposed)
            {
                return;
            }

            try
            {
                Demand();
                File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException or LostClaimException)
            {
                // The next beat tries again, and a lease is many beats long; a lost claim is noticed at the next write.
            }
        }
    }
}
