using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using TorchSharp;

namespace Freeze.Kernels;

/// <summary>
/// The native libraries of this process: libtorch, TorchSharp's own, and the kernels if they are built. They are in NuGet's
/// folder and in artifacts/kernels, not beside the program, so this class loads them by path before TorchSharp looks for them.
/// </summary>
public static partial class TorchLibraries
{
    /// <summary>The name of the kernels' library in imports.</summary>
    internal const string KernelsName = "freeze_kernels";

    /// <summary>The name of TorchSharp's own library in imports.</summary>
    internal const string TorchSharpName = "LibTorchSharp";

    private static readonly Lazy<Loaded> libraries = new(LoadAll);
    private static readonly Lazy<Loaded> loaded = new(() =>
    {
        SetUpThreadsAndMemory();
        var all = libraries.Value;
        if (all.Kernels != 0)
        {
            Native.Check(Native.freeze_keep_tensors(out _));
        }

        return all;
    });

    private sealed record Loaded(string Libtorch, nint Kernels, string? KernelsProblem, string? Patched);

    /// <summary>Makes TorchSharp usable. Call this before TorchSharp's first use; further calls cost nothing.</summary>
    /// <exception cref="PlatformNotSupportedException">There is no libtorch for this system.</exception>
    /// <exception cref="DllNotFoundException">A library is missing or does not load; the message says what to do.</exception>
    public static void Load() => _ = loaded.Value;

    /// <summary>Returns free memory to the system. Has no effect without kernels: libtorch's heap keeps the memory.</summary>
    public static void Trim()
    {
        if (loaded.Value.Kernels != 0)
        {
            Native.Check(Native.freeze_trim());
        }
    }

    /// <summary>
    /// As <see cref="Load()"/>, but does not change the process's thread and memory settings, just as TorchSharp's own loader.
    /// For comparisons with TorchSharp; nothing else of this class may be used before it.
    /// </summary>
    /// <exception cref="PlatformNotSupportedException">There is no libtorch for this system.</exception>
    /// <exception cref="DllNotFoundException">A library is missing or does not load.</exception>
    public static void LoadWithoutSettings() => _ = libraries.Value;

    /// <summary>The folder of the libtorch in use.</summary>
    public static string Folder => loaded.Value.Libtorch;

    /// <summary>Whether libfreeze_kernels is loaded.</summary>
    public static bool HasKernels => KernelsHandle != 0;

    /// <summary>The handle of libfreeze_kernels, or 0.</summary>
    public static nint KernelsHandle => loaded.Value.Kernels;

    /// <summary>Why there are no kernels; null if there are.</summary>
    public static string? KernelsProblem => loaded.Value.KernelsProblem;

    /// <summary>Why a patched copy of TorchSharp's library is in use; null if none is.</summary>
    public static string? Patched => loaded.Value.Patched;

    private static Loaded LoadAll()
    {
        var (rid, cpu) = (Rid(), FileOf("torch_cpu"));
        var libtorch = LibraryFolders.Named ?? LibraryFolders.Find(cpu, "Libtorch", rid)
            ?? throw new DllNotFoundException(
                $"libtorch ({cpu}) is missing: run scripts/setup, or name its folder with {LibraryFolders.Override}");
        if (!File.Exists(Path.Combine(libtorch, cpu)))
        {
            throw new DllNotFoundException($"there is no {cpu} in {libtorch}, which {LibraryFolders.Override} names");
        }

        var torchSharp = LibraryFolders.Find(FileOf(TorchSharpName), "LibTorchSharp", rid)
            ?? throw new DllNotFoundException(
                $"TorchSharp's native library ({FileOf(TorchSharpName)}) is missing: run scripts/setup");

        // The kernels' parallel loops must use the threads of libtorch's own OpenMP: idle threads of a second OpenMP would spin
        // on the cores that libtorch needs. So it is loaded RTLD_GLOBAL.
        foreach (var openMP in Directory.EnumerateFiles(libtorch, "libgomp*.so*"))
        {
            Load(openMP, RtldLazy | RtldGlobal);
        }

        var torchHandle = Load(Path.Combine(libtorch, cpu));
        // Also loads the parts of the build of libtorch that go beyond the CPU.
        Load(Path.Combine(libtorch, FileOf("torch")));
        var (sharpHandle, patched) = LoadTorchSharp(Path.Combine(torchSharp, FileOf(TorchSharpName)));
        AnswerTorchSharp(libtorch, torchHandle, sharpHandle);

        var (kernels, problem) = LoadKernels(FileOf(KernelsName));
        NativeLibrary.SetDllImportResolver(
            typeof(TorchLibraries).Assembly,
            (name, _, _) => name == KernelsName ? kernels : name == TorchSharpName ? sharpHandle : 0);
        return new Loaded(libtorch, kernels, problem, patched);
    }

    // The platform, as .NET names it.
    private static string Rid() => (RuntimeInformation.ProcessArchitecture, OperatingSystem.IsLinux(),
            OperatingSystem.IsMacOS(), OperatingSystem.IsWindows()) switch
    {
        (Architecture.X64, true, _, _) => "linux-x64",
        (Architecture.Arm64, _, true, _) => "osx-arm64",
        (Architecture.X64, _, _, true) => "win-x64",
        _ => throw new PlatformNotSupportedException(
            $"there is no libtorch for {RuntimeInformation.RuntimeIdentifier}: Freeze trains on linux-x64, osx-arm64 and win-x64"),
    };

    private static string FileOf(string library) =>
        OperatingSystem.IsWindows() ? $"{library}.dll" : OperatingSystem.IsMacOS() ? $"lib{library}.dylib" : $"lib{library}.so";

    private static (nint Handle, string? Patched) LoadTorchSharp(string path)
    {
        // With a libtorch other than TorchSharp's, all functions are resolved at once, so that a missing one is reported here and
        // not in the middle of training.
        var flags = LibraryFolders.Named is null ? RtldLazy : RtldNow;
        if (!OperatingSystem.IsLinux() || HasLibstdcxx13())
        {
            return (Load(path, flags), null);
        }

        var reason = $"this system's libstdc++ is older than GCC 13's and lacks {OldLibstdcxx.Version}";
        try
        {
            if (OldLibstdcxx.WithOptional(File.ReadAllBytes(path)) is not { } copy)
            {
                return (Load(path, flags), null);
            }

            var place = LibraryFolders.Cached(copy, Path.GetFileName(path));
            return (Load(place, flags), $"{place}: TorchSharp's library, patched for a libstdc++ older than GCC 13's");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidDataException or KeyNotFoundException or ArgumentException)
        {
            throw new DllNotFoundException(
                $"{reason}, and no patched copy of {path} could be made: {error.Message} (XDG_CACHE_HOME moves its folder)", error);
        }
    }

    private static bool HasLibstdcxx13() =>
        dlvsym(Open("libstdc++.so.6", RtldLazy), OldLibstdcxx.Symbol, OldLibstdcxx.Version) != 0;

    /// <summary>Resolves TorchSharp's imports to the loaded libraries.</summary>
    private static void AnswerTorchSharp(string libtorch, nint torch, nint sharp)
    {
        var assembly = typeof(torch).Assembly;
        // Its calls into the library.
        NativeLibrary.SetDllImportResolver(assembly, (name, _, _) => name == TorchSharpName ? sharp : 0);
        // TorchSharp's own loader does not ask the resolver, and copies all of libtorch if it finds nothing.
        AssemblyLoadContext.GetLoadContext(assembly)!.ResolvingUnmanagedDll += (asking, name) =>
            asking != assembly ? 0
            : name == TorchSharpName ? sharp
            : name == "torch_cpu" ? torch
            : name == "torch_cuda" && OperatingSystem.IsLinux() && File.Exists(Path.Combine(libtorch, "libtorch_cuda.so"))
                ? Load(Path.Combine(libtorch, "libtorch_cuda.so"))
            : 0;
    }

    private static (nint Handle, string? Problem) LoadKernels(string name)
    {
        if (LibraryFolders.FindKernels(name) is not { } path)
        {
            return (0, "not built");
        }

        try
        {
            // RTLD_NOW reports an OpenMP that libtorch does not have here, not in the middle of training.
            var handle = Load(path, RtldNow);
            return InterfaceOf(handle) == Native.Interface
                ? (handle, null)
                : (0, $"{path} is of another version of Freeze: scripts/build-kernels builds it again");
        }
        catch (DllNotFoundException error)
        {
            return (0, error.Message);
        }
    }

    private static unsafe int InterfaceOf(nint kernels) =>
        NativeLibrary.TryGetExport(kernels, "freeze_kernels_interface", out var function)
            ? ((delegate* unmanaged<int>)function)()
            : 0;

    /// <summary>Loads a library, with local symbols unless the flags say otherwise; throws with the loader's message.</summary>
    private static nint Load(string path, int flags = RtldLazy)
    {
        try
        {
            return OperatingSystem.IsLinux() ? Open(path, flags) : NativeLibrary.Load(path);
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            throw new DllNotFoundException($"{path} does not load: {error.Message}", error);
        }
    }

    private static nint Open(string path, int flags)
    {
        var handle = dlopen(path, flags);
        return handle != 0 ? handle : throw new DllNotFoundException(Marshal.PtrToStringUTF8(dlerror()));
    }

    /// <summary>Settings that libtorch's OpenMP and the C library read once, at their start or before they use memory.</summary>
    private static void SetUpThreadsAndMemory()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        // An idle thread spins this often before it sleeps: microseconds. The default is milliseconds, which block a core that
        // another thread needs. Environment.SetEnvironmentVariable changes only .NET's own copy.
        if (Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is null)
        {
            _ = setenv("GOMP_SPINCOUNT", "3000", overwrite: 0);
        }

        // Without this, the last bits of MKL's products depend on the addresses of the factors.
        _ = setenv("MKL_CBWR", "AUTO,STRICT", overwrite: 0);

        try
        {
            // Each step asks for the memory that the previous one freed. glibc would return large blocks to the system and fetch
            // them again, cleared page by page, which takes a quarter of a step or more.
            _ = mallopt(MMmapMax, 0);
            _ = mallopt(MTrimThreshold, -1);
            // The heap grows by this many bytes.
            _ = mallopt(MTopPad, 64 << 20);
        }
        catch (EntryPointNotFoundException)
        {
            // The C library is not glibc.
        }
    }

    // From glibc's headers.
    private const int MTrimThreshold = -1, MTopPad = -2, MMmapMax = -4;
    private const int RtldLazy = 1, RtldNow = 2, RtldGlobal = 0x100;

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);

    [LibraryImport("libc")]
    private static partial int mallopt(int parameter, int value);

    [LibraryImport("libdl.so.2", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint dlopen(string path, int flags);

    [LibraryImport("libdl.so.2")]
    private static partial nint dlerror();

    [LibraryImport("libdl.so.2", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint dlvsym(nint library, string symbol, string version);
}
