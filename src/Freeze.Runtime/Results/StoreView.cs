using System.Globalization;
using System.Text.Json;

namespace Freeze.Runtime.Results;

/// <summary>What a store holds, to those who only look: it writes nothing there. Several threads may use it.</summary>
public sealed class StoreView
{
    private readonly string root;
    private readonly RunStore store;

    /// <summary>A view of a store, which need not be there.</summary>
    /// <exception cref="RunException">The store is of a format that this Freeze does not know.</exception>
    public StoreView(string root)
    {
        this.root = root;
        store = new RunStore(root);
    }

    /// <summary>The hashes of all runs that the store has a folder of, in order.</summary>
    public string[] Hashes() => Directory.Exists(root)
        ? [.. Directory.EnumerateDirectories(root).Select(Path.GetFileName).OfType<string>().Where(IsHash).Order(StringComparer.Ordinal)]
        : [];

    /// <summary>The folder of a run.</summary>
    public string FolderOf(string hash) => store.FolderOf(hash);

    /// <summary>The result of a finished run and its times, or null.</summary>
    public RunOutcome? Finished(string hash) => store.Finished(hash, _ => { });

    /// <summary>The failure that a run's last attempt has left, or null.</summary>
    public RunOutcome? Failed(string hash) => store.Failed(hash);

    /// <summary>The epochs that an unfinished run has done, as far as its records are whole.</summary>
    public EpochRecord[] Epochs(string hash) => [.. JsonLines.Read<EpochRecord>(PathOf(hash, "metrics.jsonl"))];

    /// <summary>When a run came to its result or its failure, by the store's clock; long ago where it has neither.</summary>
    public DateTime Ended(string hash)
    {
        var result = PathOf(hash, "result.json");
        return File.GetLastWriteTimeUtc(File.Exists(result) ? result : PathOf(hash, "failure.json"));
    }

    /// <summary>The plan of a run, or null where there is none that can be read.</summary>
    public Run? Plan(string hash)
    {
        try
        {
            return PlanFile.ofRecord(File.ReadAllText(PathOf(hash, "plan.json"))).Single();
        }
        catch (Exception error) when (error is Json.JsonMismatch or IOException or UnauthorizedAccessException
            or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>What a run in the store is called and where it stands.</summary>
    public (string Name, RunState State) Look(string hash)
    {
        if (ReadResult(hash) is { } result)
        {
            return result;
        }

        var (name, epochs) = ReadPlan(hash);
        return (name, StateOf(hash, epochs));
    }

    /// <summary>Where a run stands.</summary>
    /// <param name="hash">Its hash.</param>
    /// <param name="epochs">How many it is to have at most.</param>
    public RunState StateOf(string hash, int epochs)
    {
        if (!Directory.Exists(FolderOf(hash)))
        {
            return RunState.Waiting;
        }

        if (ReadResult(hash) is { } result)
        {
            return result.State;
        }

        try
        {
            if (Claim.Current(FolderOf(hash)) is var (holder, path) && holder?.HasEnded() != true)
            {
                return RunState.NewRunning(AttemptOf(hash, epochs, holder, path));
            }
        }
        catch (IOException)
        {
            // The folder has gone: freeze gc has just removed it.
            return RunState.Waiting;
        }

        return store.Failed(hash) is RunOutcome.FailedBefore failed ? RunState.NewFailed(failed.Failure)
            : File.Exists(PathOf(hash, "plan.json")) ? RunState.NewInterrupted(TimesOf(hash).Length)
            : RunState.Waiting;
    }

    /// <summary>Where the newest job that was to train a run writes what it says, by the run's hash.</summary>
    public IReadOnlyDictionary<string, string> Logs()
    {
        var logs = new Dictionary<string, string>();
        var batches = Path.Combine(root, "batches");
        if (Directory.Exists(batches))
        {
            foreach (var folder in Directory.EnumerateDirectories(batches).Order(StringComparer.Ordinal))
            {
                var tasks = Path.Combine(folder, "tasks.txt");
                foreach (var line in File.Exists(tasks) ? File.ReadLines(tasks) : [])
                {
                    if (line.Split(' ') is [var task, var hash] && int.TryParse(task, out var number) && IsHash(hash))
                    {
                        logs[hash] = Path.Combine(folder, $"log-{number}.txt");
                    }
                }
            }
        }

        return logs;
    }

    /// <summary>Writes the last weights of a finished run to a file, whole or not at all.</summary>
    public void Export(string hash, string path) => WholeFile.Write(path, stream =>
    {
        using var weights = File.OpenRead(PathOf(hash, "last.safetensors"));
        weights.CopyTo(stream);
    });

    /// <summary>Whether a name is one of a run's folder.</summary>
    public static bool IsHash(string? name) =>
        name is { Length: 16 } && name.All(letter => char.IsAsciiDigit(letter) || letter is >= 'a' and <= 'f');

    private static Attempt AttemptOf(Holder? holder, EpochTime[] times, int epochs, DateTime touched) => new(
        holder is null ? "another process" : $"process {holder.Process} of {holder.Machine}",
        holder?.Since ?? "",
        times.Length,
        SecondsLeft(times, epochs),
        Math.Max(0, (DateTime.UtcNow - touched).TotalSeconds));

    // An epoch takes as long as the mean of those done, evaluation included where two ends are known.
    private static double SecondsLeft(EpochTime[] times, int epochs)
    {
        if (times.Length == 0)
        {
            return double.NaN;
        }

        var seconds = times.Average(time => time.Seconds);
        var since = DateTime.TryParse(times[^1].Ended, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var ended)
            ? Math.Clamp((DateTime.UtcNow - ended).TotalSeconds, 0, seconds)
            : 0;
        return Math.Max(0, ((epochs - times.Length) * seconds) - since);
    }

    private Attempt AttemptOf(string hash, int epochs, Holder? holder, string claim) =>
        AttemptOf(holder, TimesOf(hash), epochs, File.GetLastWriteTimeUtc(claim));

    private EpochTime[] TimesOf(string hash) => [.. JsonLines.Read<EpochTime>(PathOf(hash, "times.jsonl"))];

    // As `store.Finished` reads it, without the epochs' records and times: a store may hold a hundred thousand.
    private (string Name, RunState State)? ReadResult(string hash)
    {
        try
        {
            var path = PathOf(hash, "result.json");
            using var content = JsonDocument.Parse(File.ReadAllBytes(path));
            var result = content.RootElement;
            return result.GetProperty("hash").ValueEquals(hash)
                ? (result.GetProperty("name").GetString()!,
                    RunState.NewDone(result.GetProperty("testAccuracy").GetDouble(), result.GetProperty("epochs").GetArrayLength()))
                : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException
            or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    private (string Name, int Epochs) ReadPlan(string hash)
    {
        try
        {
            using var content = JsonDocument.Parse(File.ReadAllBytes(PathOf(hash, "plan.json")));
            var plan = content.RootElement;
            return (plan.GetProperty("name").GetString()!, plan.GetProperty("recipe").GetProperty("epochs").GetInt32());
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException
            or KeyNotFoundException or InvalidOperationException)
        {
            return ("", 0);
        }
    }

    private string PathOf(string hash, string file) => Path.Combine(FolderOf(hash), file);
}
