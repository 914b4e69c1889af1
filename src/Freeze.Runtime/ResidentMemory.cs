using System.Globalization;
using Freeze.Kernels;

namespace Freeze.Runtime;

/// <summary>
/// The main memory that this process holds beyond its use when this was created. Only Linux reports it: elsewhere it is 0.
/// </summary>
internal sealed class ResidentMemory
{
    private readonly long before;

    /// <summary>Starts counting here.</summary>
    public ResidentMemory() => before = Read("VmRSS");

    /// <summary>The peak in bytes since <see cref="Begin"/>, beyond the earlier use.</summary>
    public long Peak => Math.Max(0, Read("VmHWM") - before);

    /// <summary>Returns free memory to the system, so that earlier training does not count.</summary>
    public static void GiveBack()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        // Other collection modes keep free memory for later.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        TorchLibraries.Trim();
    }

    /// <summary>Resets the peak.</summary>
    public static void Begin()
    {
        try
        {
            // "5" resets the peak to the current use; if the file cannot be written, the peak is that of the whole process.
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
