using System.Runtime.CompilerServices;

namespace Freeze;

/// <summary>All temporary files of a test process lie in one folder, which ends with the process.</summary>
internal static class TemporaryFolder
{
    [ModuleInitializer]
    internal static void Begin()
    {
        var folder = Directory.CreateTempSubdirectory("freeze-tests-").FullName;
        // .NET and the processes that it starts make theirs where this says.
        Environment.SetEnvironmentVariable(OperatingSystem.IsWindows() ? "TMP" : "TMPDIR", folder);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
    }
}
