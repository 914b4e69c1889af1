using System.Diagnostics;
using System.Globalization;

namespace Freeze.Records;

/// <summary>Who holds a claim: a process, told from every other on any machine.</summary>
/// <param name="Machine">Its name, for people.</param>
/// <param name="Process">The number of the process.</param>
/// <param name="Started">When the process started, in the units of <paramref name="World"/>.</param>
/// <param name="World">
/// Within which numbers of processes mean the same: a boot of a machine and a namespace of processes, or "".
/// </param>
/// <param name="Since">When it took the run, in UTC and ISO 8601: for people.</param>
/// <param name="Nonce">Told apart from other claims of the same process.</param>
internal sealed record Holder(string Machine, int Process, string Started, string World, string Since, string Nonce)
{
    /// <summary>This process, with a new nonce.</summary>
    public static Holder Me() => new(
        Environment.MachineName,
        Environment.ProcessId,
        StartOf(Environment.ProcessId) ?? "",
        Here(),
        DateTime.UtcNow.ToString("O", CultureInfo.InvariantCulture),
        Guid.NewGuid().ToString("N"));

    /// <summary>Who it is, for people; null is one of whom no more is known.</summary>
    public static string Name(Holder? holder) =>
        holder is null ? "another process" : $"process {holder.Process} of {holder.Machine}";

    /// <summary>
    /// Whether the process is known to have ended: only its own machine can know. A number that another process has
    /// been given since is told by its start.
    /// </summary>
    public bool HasEnded() => World.Length > 0 && World == Here() && StartOf(Process) != Started;

    /// <summary>One line, written to a claim.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Machine} {Process} {Started} {World} {Since} {Nonce}");

    /// <summary>What <see cref="ToString"/> has written; null where it is not whole.</summary>
    public static Holder? Parse(string line) =>
        line.TrimEnd('\n').Split(' ') is [var machine, var process, var started, var world, var since, { Length: 32 } nonce]
        && int.TryParse(process, CultureInfo.InvariantCulture, out var number)
            ? new Holder(machine, number, started, world, since, nonce)
            : null;

    // Linux tells of a process in /proc when it started, in ticks since boot; elsewhere .NET knows the time.
    private static string? StartOf(int process)
    {
        try
        {
            if (!OperatingSystem.IsLinux())
            {
                using var found = System.Diagnostics.Process.GetProcessById(process);
                return found.StartTime.ToUniversalTime().Ticks.ToString(CultureInfo.InvariantCulture);
            }

            // The name of the program, in brackets, may hold anything; the start is the 22nd field.
            var status = File.ReadAllText($"/proc/{process}/stat");
            var fields = status[(status.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : fields[19];
        }
        catch (Exception error) when (error is IOException or ArgumentException or InvalidOperationException
            or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string Here()
    {
        try
        {
            if (!OperatingSystem.IsLinux())
            {
                return Environment.MachineName;
            }

            var boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
            return $"{boot}/{new FileInfo("/proc/self/ns/pid").LinkTarget}";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
