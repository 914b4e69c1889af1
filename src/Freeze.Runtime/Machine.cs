using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Freeze.Kernels;
using static TorchSharp.torch;

namespace Freeze.Runtime;

/// <summary>What computes.</summary>
/// <param name="Version">Those of TorchSharp and libtorch, or null where libtorch cannot be loaded.</param>
/// <param name="Gpus">How many GPUs it can use.</param>
/// <param name="Kernels">The native kernels in use, such as "kernels 1 (avx512)", or "".</param>
/// <param name="KernelsProblem">Why there are no kernels, or "".</param>
/// <param name="Folder">Where libtorch lies, or "".</param>
/// <param name="Patched">That a patched copy of TorchSharp's library is in use, and why, or "".</param>
/// <param name="Problem">Why libtorch cannot be loaded, or "".</param>
public sealed record Engine(
    string? Version, int Gpus, string Kernels, string KernelsProblem, string Folder, string Patched, string Problem);

/// <summary>What of the machine matters to runs.</summary>
public static class Machine
{
    /// <summary>The processor's name and the widest instructions that are of use.</summary>
    public static string Processor
    {
        get
        {
            var name = Record.Processor;
            var widest = Avx512F.IsSupported ? "AVX-512" : Avx2.IsSupported ? "AVX2" : "no AVX2";
            return $"{(name.Length > 0 ? name : RuntimeInformation.ProcessArchitecture)} ({widest})";
        }
    }

    /// <summary>What the records of a run say of the machine.</summary>
    internal static MachineRecord Record => new(Environment.MachineName, Model());

    /// <summary>Main memory in bytes that this process may have.</summary>
    public static long Memory => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>What computes. Loads it, and never throws.</summary>
    public static Engine Engine
    {
        get
        {
            try
            {
                return Loaded();
            }
#pragma warning disable CA1031 // Whatever keeps it from loading is the answer.
            catch (Exception error)
#pragma warning restore CA1031
            {
                var cause = error is TypeInitializationException { InnerException: { } inner } ? inner : error;
                return new Engine(null, 0, "", "", "", "", cause.Message.Split('\n')[0]);
            }
        }
    }

    /// <summary>What brings libtorch where it cannot be loaded.</summary>
    public const string HowToGetEngine = "scripts/setup brings libtorch";

    /// <summary>Bytes as people read them, such as 23.4 GB.</summary>
    public static string Readable(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:F1} GB");

    // Linux alone tells it in a file; one processor of several models, as phones have, by the first.
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

    // Apart, so that what cannot be loaded is met inside the attempt.
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
