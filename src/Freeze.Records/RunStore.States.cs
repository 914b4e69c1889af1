using System.Globalization;
using System.Text.Json;

namespace Freeze.Records;

/// <content>The states of runs, for readers.</content>
public sealed partial class RunStore
{
    /// <summary>The name and the state of a run in the store.</summary>
    public (string Name, RunState State) Look(string hash)
    {
        if (Done(hash) is { } done)
        {
            return done;
        }

        var (name, epochs) = Peek<(string, int)>(
            FilesOf(hash).PlanPath,
            plan => (plan.GetProperty("name").GetString()!, plan.GetProperty("recipe").GetProperty("epochs").GetInt32())) ?? ("", 0);
        return (name, StateOf(hash, epochs));
    }

    /// <summary>The state of a run.</summary>
    /// <param name="hash">Its hash.</param>
    /// <param name="epochs">The maximal number of its epochs.</param>
    public RunState StateOf(string hash, int epochs)
    {
        var files = FilesOf(hash);
        if (!Directory.Exists(files.Folder))
        {
            return RunState.Waiting;
        }

        if (Done(hash) is { } done)
        {
            return done.State;
        }

        try
        {
            if (Records.Claim.Current(files.Folder) is var (holder, path) && holder?.HasEnded() != true)
            {
                return RunState.NewRunning(AttemptOf(holder, files.ReadTimes(), epochs, File.GetLastWriteTimeUtc(path)));
            }
        }
        catch (IOException)
        {
            // The folder has disappeared: freeze gc has just removed it.
            return RunState.Waiting;
        }

        return files.ReadFailure() is { } failure ? RunState.NewFailed(failure)
            : files.IsPlanned ? RunState.NewInterrupted(files.ReadTimes().Length)
            : RunState.Waiting;
    }

    // 0 if the plan cannot be read.
    private int PlannedEpochs(string hash) =>
        Peek<int>(FilesOf(hash).PlanPath, plan => plan.GetProperty("recipe").GetProperty("epochs").GetInt32()) ?? 0;

    private static Attempt AttemptOf(Holder? holder, EpochTime[] times, int epochs, DateTime touched) => new(
        Holder.Name(holder),
        holder?.Since ?? "",
        times.Length,
        SecondsLeft(times, epochs),
        Math.Max(0, (DateTime.UtcNow - touched).TotalSeconds));

    // Assumes that an epoch takes as long as the mean so far, including evaluation if two epoch ends are known.
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

    // As `Finished`, but without reading the epochs' records and times: a store may hold a hundred thousand.
    private (string Name, RunState State)? Done(string hash) => Peek(FilesOf(hash).ResultPath, result =>
        result.GetProperty("hash").ValueEquals(hash)
            ? (result.GetProperty("name").GetString()!,
                RunState.NewDone(result.GetProperty("testAccuracy").GetDouble(), result.GetProperty("epochs").GetArrayLength()))
            : ((string, RunState)?)null);

    // Some fields of a file's record, or null if they cannot be read.
    private static T? Peek<T>(string path, Func<JsonElement, T?> read)
        where T : struct
    {
        try
        {
            using var content = JsonDocument.Parse(File.ReadAllBytes(path));
            return read(content.RootElement);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException
            or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
