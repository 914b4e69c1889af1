using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TorchSharp;

/// <summary>The C ABI of native/: every function returns a status, results come through out parameters.</summary>
internal static partial class NativeMethods
{
    private const string Library = "freeze_torch";

    private const int OutOfMemory = 2;

    // Runs before the first call, and so before the library and what it needs are loaded.
    static NativeMethods() => ThreadPools.GiveUpEarly();

    /// <summary>Turns a status into the exception that it stands for.</summary>
    public static void Check(int status)
    {
        if (status != 0)
        {
            Throw(status);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Throw(int status)
    {
        var message = Marshal.PtrToStringUTF8(freeze_last_error()) ?? "libtorch failed and did not say why";
#pragma warning disable CA2201 // What TorchSharp throws, so that callers need not know which of the two is below.
        throw status == OutOfMemory ? new OutOfMemoryException(message) : new ExternalException(message);
#pragma warning restore CA2201
    }

    [LibraryImport(Library)]
    private static partial nint freeze_last_error();

    [LibraryImport(Library)]
    internal static partial int freeze_release(long tensor);

    [LibraryImport(Library)]
    internal static partial long freeze_live_count();

    [LibraryImport(Library)]
    internal static partial nint freeze_version();

    [LibraryImport(Library)]
    internal static partial int freeze_threads();

    [LibraryImport(Library)]
    internal static partial int freeze_set_threads(int count);

    [LibraryImport(Library)]
    internal static partial int freeze_manual_seed(long seed);

    [LibraryImport(Library)]
    internal static partial int freeze_grad_enabled();

    [LibraryImport(Library)]
    internal static partial void freeze_set_grad_enabled(int value);
}
