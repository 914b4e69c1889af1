using System.Globalization;
using Freeze.Kernels;

namespace Freeze.Runtime;

/// <summary>
/// How much main memory this process holds beyond what it had when this was made. Linux alone tells it: elsewhere it is 0.
/// </summary>
internal sealed class ResidentMemory
{
    private readonly long before;

    /// <summary>Counts from here, without what is free.</summary>
    public ResidentMemory()
    {
        Begin();
        before = Read("VmRSS");
    }

    /// <summary>The most bytes since <see cref="Begin"/>, beyond those before.</summary>
    public long Peak => Math.Max(0, Read("VmHWM") - before);

    /// <summary>
    /// Gives free memory back to the system, so that what was trained before does not count, and counts from here.
    /// </summary>
    public static void Begin()
    {
        if (!KeepsFree)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            // Other ways of collecting keep what is free for later.
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            TorchLibraries.Trim();
        }

        try
        {
            // "5" sets the most that was resident to what is; where it cannot be written, the most is that of the whole process.
            File.WriteAllText("/proc/self/clear_refs", "5");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
        }
    }

    // Where hundreds of runs of a moment share a process, as in tests, to give memory back would take a third of the time.
    private static bool KeepsFree => AppContext.TryGetSwitch("Freeze.KeepsFreeMemory", out var keeps) && keeps;

    // A line such as "VmHWM:     123456 kB".
    private static long Read(string name)
    {
        try
        {
            var line = File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.Ordinal));
            return line is null
                ? 0
                : 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
