using System.Runtime.InteropServices;

namespace TorchSharp;

/// <summary>
/// How the thread pools of libtorch wait. It computes on two: OpenMP's, and OpenBLAS's own. Each pool's idle threads
/// spin in wait of work, on the very cores that the other pool needs: on two cores a step of LeNet takes half the
/// time when both give up early (bench/). Both read the environment once, when they are loaded.
/// </summary>
internal static partial class ThreadPools
{
    /// <summary>Waits end early from now on, unless the user's environment decides otherwise.</summary>
    public static void GiveUpEarly()
    {
        if (OperatingSystem.IsWindows() || Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is not null)
        {
            return;
        }

        // Environment.SetEnvironmentVariable would change .NET's own copy alone, which no C library reads.
        // Turns of a loop of GNU OpenMP before a thread sleeps: some microseconds in place of milliseconds.
        _ = setenv("GOMP_SPINCOUNT", "3000", overwrite: 0);
        // OpenBLAS's threads sleep after 2 to this power of clock cycles; 4 is the least that it takes.
        _ = setenv("OPENBLAS_THREAD_TIMEOUT", "4", overwrite: 0);
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);
}
