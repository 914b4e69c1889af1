using System.Text;

namespace Freeze.Records;

/// <summary>Another process trains the run that this one had claimed.</summary>
internal sealed class LostClaimException() : Exception("another process has taken this run over");

/// <summary>
/// The right to train one run, held until disposed. It is a file, claim-1, that is made in one step or not at all, on
/// network file systems too, and that its holder touches now and then. A claim whose holder has ended, or that nobody has
/// touched for the length of a lease, is taken over by making claim-2, and so on: the highest number holds. Since the
/// next number can be made but once, two that take over at the same time cannot both succeed.
/// </summary>
internal sealed class Claim : IDisposable
{
    /// <summary>How often a holder touches its claim.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromSeconds(10);

    /// <summary>How long a claim holds that nobody touches.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromMinutes(2);

    /// <summary>What the names of claims begin with.</summary>
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
    /// Makes the claim of a folder where nobody holds it; else null, with who does. A claim that nobody touches is
    /// taken over once <paramref name="isStale"/> says so of its file.
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

        // While this process looked, others may have taken the run over, finished and given it back: then what it saw is
        // no longer there, and another may be making claims from 1 on.
        if (Highest(folder) != held + 1 || (held > 0 && (!File.Exists(path) || Read(path) != other)))
        {
            File.Delete(next);
            heldBy = "another process";
            return null;
        }

        return new Claim(next, me);
    }

    /// <summary>Who holds the claim of a folder, or null; and the file by which it is told.</summary>
    public static (Holder? Holder, string Path)? Current(string folder) =>
        Highest(folder) is > 0 and var held ? (Read(PathOf(folder, held)), PathOf(folder, held)) : null;

    /// <summary>Demands that the run is still this process's: to be called before anything is written.</summary>
    /// <exception cref="LostClaimException">Another has taken it over, since this process seemed to have ended.</exception>
    public void Demand()
    {
        if (Read(path)?.Nonce != holder.Nonce || Highest(Path.GetDirectoryName(path)!) != Number(path))
        {
            throw new LostClaimException();
        }
    }

    /// <summary>Gives the run back.</summary>
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

            // From the lowest: as long as any is there, the highest is.
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
                // The next beat tries again, a lease is many beats long; and the next write will find a lost claim.
            }
        }
    }
}
