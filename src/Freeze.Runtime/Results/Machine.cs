namespace Freeze.Runtime.Results;

/// <summary>What a run's records say of the machine that this process runs on.</summary>
internal static class Machine
{
    /// <summary>Its name and the model of its processor.</summary>
    public static MachineRecord Here() => new(Environment.MachineName, Processor());

    // Linux alone tells it in a file; one processor of several models, as phones have, by the first.
    private static string Processor()
    {
        const string Name = "model name";
        try
        {
            var line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal));
            return line is not null && line.IndexOf(':') is > 0 and var at ? line[(at + 1)..].Trim() : "";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
