using System.Diagnostics;
using System.Globalization;

namespace Freeze.Records;

/// <summary>The process that holds a claim, distinguished from every other process on any machine.</summary>
/// <param name="Machine">The machine's name, for people.</param>
/// <param name="Process">The process id.</param>
/// <param name="Started">The start time of the process, in the units of <paramref name="World"/>.</param>
/// <param name="World">
/// The scope in which process ids are unique: a boot of a machine and a process namespace, or "".
/// </param>
/// <param name="Since">When it took the run, in UTC and ISO 8601, for people.</param>
/// <param name="Nonce">Distinguishes claims of the same process.</param>
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

    /// <summary>The holder in words; null is an unknown holder.</summary>
    public static string Name(Holder? holder) =>
        holder is null ? "another process" : $"process {holder.Process} of {holder.Machine}";

    /// <summary>
    /// Whether the process is known to have ended: only its own machine can tell. The start time shows if another process has
    /// reused its id.
    /// </summary>
    public bool HasEnded() => World.Length > 0 && World == Here() && StartOf(Process) != Started;

    /// <summary>One line, the content of a claim.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Machine} {Process} {Started} {World} {Since} {Nonce}");

    /// <summary>Parses the output of <see cref="ToString"/>; null if it is incomplete.</summary>
    public static Holder? Parse(string line) =>
        line.TrimEnd('\n').Split(' ') is [var machine, var process, var started, var world, var since, { Length: 32 } nonce]
        && int.TryParse(process, CultureInfo.InvariantCulture, out var number)
            ? new Holder(machine, number, started, world, since, nonce)
            : null;

    // On Linux, /proc has the start of a process, in ticks since boot; elsewhere .NET knows the time.
    private static string? StartOf(int process)
    {
        try
        {
            if (!OperatingSystem.IsLinux())
            {
                using var found = System.Diagnostics.Process.GetProcessById(process);
                return found.StartTime.ToUniversalTime().Ticks.ToString(CultureInfo.InvariantCulture);
            }

            // The program's name, in brackets, may contain anything; the start is the 22nd field.
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
