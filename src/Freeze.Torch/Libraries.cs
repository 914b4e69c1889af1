using System.Runtime.InteropServices;
using TorchSharp;

namespace Freeze.Torch;

/// <summary>How libtorch and the libraries below it compute: what TorchSharp cannot say.</summary>
public static partial class Libraries
{
    /// <summary>What is between the runtime and libtorch.</summary>
    public const string Binding = "Freeze's binding";

    /// <summary>
    /// Whether a GPU takes only computations that give the same bits each time, and refuses operations that have none;
    /// otherwise it times its algorithms and takes the fastest. Before the first computation on a GPU.
    /// </summary>
    /// <returns>Whether that could be set.</returns>
    public static bool TrySetRepeatable(bool repeatable)
    {
        if (repeatable && !OperatingSystem.IsWindows())
        {
            // cuBLAS sums in a fixed order only with a workspace of its own; it reads this when it is first used.
            _ = setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", overwrite: 0);
        }

        NativeMethods.Check(NativeMethods.freeze_set_repeatable(repeatable ? 1 : 0));
        return true;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);
}
