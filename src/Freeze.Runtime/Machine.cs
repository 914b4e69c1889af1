using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Freeze.Kernels;
using static TorchSharp.torch;

namespace Freeze.Runtime;

/// <summary>The computing libraries and devices.</summary>
/// <param name="Version">The versions of TorchSharp and libtorch, or null if libtorch cannot be loaded.</param>
/// <param name="Gpus">The number of usable GPUs.</param>
/// <param name="Kernels">The native kernels in use, such as "kernels 1 (avx512)", or "".</param>
/// <param name="KernelsProblem">Why there are no kernels, or "".</param>
/// <param name="Folder">libtorch's folder, or "".</param>
/// <param name="Patched">Why a patched copy of TorchSharp's library is in use, or "".</param>
/// <param name="Problem">Why libtorch cannot be loaded, or "".</param>
public sealed record Engine(
    string? Version, int Gpus, string Kernels, string KernelsProblem, string Folder, string Patched, string Problem);

/// <summary>Describes the machine, as far as it matters to runs.</summary>
public static class Machine
{
    /// <summary>The processor's name and its widest useful instruction set.</summary>
    public static string Processor
    {
        get
        {
            var name = Record.Processor;
            var widest = Avx512F.IsSupported ? "AVX-512" : Avx2.IsSupported ? "AVX2" : "no AVX2";
            return $"{(name.Length > 0 ? name : RuntimeInformation.ProcessArchitecture)} ({widest})";
        }
    }

    /// <summary>The machine's entry in a run's records.</summary>
    internal static MachineRecord Record => new(Environment.MachineName, Model());

    /// <summary>The main memory available to this process, in bytes.</summary>
    public static long Memory => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>The computing libraries; loads them, and never throws.</summary>
    public static Engine Engine
    {
        get
        {
            try
            {
                return Loaded();
            }
#pragma warning disable CA1031 // Any exception is the reason to report.
            catch (Exception error)
#pragma warning restore CA1031
            {
                var cause = error is TypeInitializationException { InnerException: { } inner } ? inner : error;
                return new Engine(null, 0, "", "", "", "", cause.Message.Split('\n')[0]);
            }
        }
    }

    /// <summary>How to get libtorch if it cannot be loaded.</summary>
    public const string HowToGetEngine = "scripts/setup brings libtorch";

    /// <summary>Bytes in readable form, such as 23.4 GB.</summary>
    public static string Readable(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:F1} GB");

    // Only Linux has a file with the name; of several processor models, as in phones, the first is used.
    private static string Model()
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

    // A separate method, so that a missing assembly fails inside the try block.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Engine Loaded()
    {
        TorchLibraries.Load();
        return new(
            $"TorchSharp {TorchVersions.TorchSharp}, libtorch {TorchVersions.Libtorch}",
            cuda.is_available() ? cuda.device_count() : 0,
            TorchVersions.Kernels ?? "",
            TorchLibraries.KernelsProblem ?? "",
            TorchLibraries.Folder,
            TorchLibraries.Patched ?? "",
            "");
    }
}
