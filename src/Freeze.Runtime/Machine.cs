using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text.RegularExpressions;
using Freeze.Torch;
using static TorchSharp.torch;

namespace Freeze.Runtime;

/// <summary>What computes: a libtorch and what is between it and the runtime.</summary>
/// <param name="Binding">What is between them.</param>
/// <param name="Version">That of libtorch, or null where it cannot be loaded.</param>
/// <param name="Gpus">How many GPUs it can use.</param>
/// <param name="Records">Whether those can record a step.</param>
/// <param name="Problem">Why it cannot be loaded, or "".</param>
public sealed record Engine(string Binding, string? Version, int Gpus, bool Records, string Problem);

/// <summary>What of the machine matters to runs.</summary>
public static partial class Machine
{
    /// <summary>The processor's name and the widest instructions that are of use.</summary>
    public static string Processor
    {
        get
        {
            var name = Results.Machine.Here().Processor;
            var widest = Avx512F.IsSupported ? "AVX-512" : Avx2.IsSupported ? "AVX2" : "no AVX2";
            return $"{(name.Length > 0 ? name : RuntimeInformation.ProcessArchitecture)} ({widest})";
        }
    }

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
                return new Engine(Libraries.Binding, null, 0, false, Brief(cause));
            }
        }
    }

    /// <summary>What brings libtorch where it cannot be loaded.</summary>
    public const string HowToGetEngine =
        "scripts/setup builds the binding and brings libtorch; docs/torchsharp.md says how to name another";

    /// <summary>Bytes as people read them, such as 23.4 GB.</summary>
    public static string Readable(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:F1} GB");

    // Apart, so that what cannot be loaded is met inside the attempt.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Engine Loaded() => new(
        Libraries.Binding, __version__, cuda.is_available() ? cuda.device_count() : 0, GpuGraph.IsAvailable, "");

    /// <summary>
    /// Why libtorch cannot be loaded, in a line. .NET's loader tells of each place where it looked for the binding, and of a
    /// library that the binding lacks in between; TorchSharp of all that it tried, after a first sentence.
    /// </summary>
    internal static string Brief(Exception cause)
    {
        var lines = cause.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var lacking = cause is DllNotFoundException
            ? lines.FirstOrDefault(line => line.Contains(".so", StringComparison.Ordinal) && !NotInThisPlace().IsMatch(line))
            : null;
        return lacking ?? lines.FirstOrDefault("")!.Split(". ")[0].TrimEnd('.');
    }

    [GeneratedRegex("^/.*: cannot open shared object file: No such file or directory$")]
    private static partial Regex NotInThisPlace();
}
