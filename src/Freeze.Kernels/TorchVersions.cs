using System.Reflection;
using System.Runtime.InteropServices;
using TorchSharp;

namespace Freeze.Kernels;

/// <summary>The versions of the numerical libraries, for records.</summary>
public static class TorchVersions
{
    /// <summary>TorchSharp's, such as "0.107.0".</summary>
    public static string TorchSharp =>
        typeof(torch).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>libtorch's, such as "2.10.0": the one that TorchSharp was built against, or the user's override.</summary>
    public static string Libtorch =>
        string.Join('.', torch.__version__.Split('.').Take(3)) + (LibraryFolders.Named is null ? "" : $" as {LibraryFolders.Override} names it");

    /// <summary>The version and instruction set of the kernels, such as "kernels 1 (avx512)"; null without kernels.</summary>
    public static string? Kernels => TorchLibraries.HasKernels
        ? $"kernels {Native.freeze_kernels_version()} ({Marshal.PtrToStringUTF8(Native.freeze_kernels_instructions())})"
        : null;
}
