using System.Reflection;

namespace Freeze.Kernels;

/// <summary>Finds the folders of native libraries.</summary>
internal static class LibraryFolders
{
    /// <summary>The environment variable that names the folder of a libtorch, such as the torch/lib of a PyTorch.</summary>
    public const string Override = "FREEZE_LIBTORCH";

    /// <summary>The folder that <see cref="Override"/> names, or null.</summary>
    public static string? Named => Environment.GetEnvironmentVariable(Override) is { Length: > 0 } folder ? folder : null;

    /// <summary>The first folder that has the file, or null.</summary>
    /// <param name="file">A library's file name.</param>
    /// <param name="built">The key of the assembly's metadata that holds the folder where the build found the library.</param>
    /// <param name="rid">The platform, as .NET names it.</param>
    public static string? Find(string file, string built, string rid)
    {
        var program = AppContext.BaseDirectory;
        string?[] folders =
        [
            // Copied beside a program that was moved to another machine.
            Path.Combine(program, "torch"),
            // Where packages for CUDA put their libraries.
            program,
            Path.Combine(program, "runtimes", rid, "native"),
            BuiltWith(built),
        ];
        return folders.FirstOrDefault(folder => folder is not null && File.Exists(Path.Combine(folder, file)));
    }

    /// <summary>The kernels' library: beside the program, or in artifacts/kernels of the checkout that it is in.</summary>
    public static string? FindKernels(string file)
    {
        var beside = Path.Combine(AppContext.BaseDirectory, file);
        if (File.Exists(beside))
        {
            return beside;
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var built = Path.Combine(folder.FullName, "artifacts", "kernels", file);
            if (File.Exists(built))
            {
                return built;
            }
        }

        return null;
    }

    /// <summary>The path of a file with these bytes in Freeze's cache; writes it if it is missing.</summary>
    public static string Cached(byte[] bytes, string file)
    {
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (string.IsNullOrEmpty(cache))
        {
            cache = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        }

        var folder = Path.Combine(cache, "freeze", "libraries");
        var path = Path.Combine(folder, file);
        if (!File.Exists(path) || !File.ReadAllBytes(path).AsSpan().SequenceEqual(bytes))
        {
            Directory.CreateDirectory(folder);
            // Whole or not at all: other processes may be about to load it.
            var partial = Path.Combine(folder, Path.GetRandomFileName());
            File.WriteAllBytes(partial, bytes);
            File.Move(partial, path, overwrite: true);
        }

        return path;
    }

    private static string? BuiltWith(string key) => typeof(LibraryFolders).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .FirstOrDefault(data => data.Key == key)?.Value;
}
