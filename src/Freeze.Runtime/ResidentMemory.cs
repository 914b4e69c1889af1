using System.Globalization;
using Freeze.Kernels;

namespace Freeze.Runtime;

/// <summary>
/// How much main memory this process holds beyond what it had when this was made. Linux alone tells it: elsewhere it is 0.
/// </summary>
internal sealed class ResidentMemory
{
    private readonly long before;

    /// <summary>Counts from here.</summary>
    public ResidentMemory() => before = Read("VmRSS");

    /// <summary>The most bytes since <see cref="Begin"/>, beyond those before.</summary>
    public long Peak => Math.Max(0, Read("VmHWM") - before);

    /// <summary>Gives free memory back to the system, so that what earlier work has left does not count.</summary>
    public static void GiveBack()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        // Other ways of collecting keep what is free for later.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        TorchLibraries.Trim();
    }

    /// <summary>Forgets the peak until now.</summary>
    public static void Begin()
    {
        try
        {
            // "5" sets the peak to what is resident; where it cannot be written, the peak is that of the whole process.
            File.WriteAllText("/proc/self/clear_refs", "5");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
        }
    }

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
