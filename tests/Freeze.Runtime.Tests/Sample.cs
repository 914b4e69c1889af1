using Freeze.Runtime.Data;
using Freeze.Runtime.Tests;
using Xunit;

[assembly: AssemblyFixture(typeof(Sample))]

namespace Freeze.Runtime.Tests;

/// <summary>The sample of MNIST, read once for all tests.</summary>
public sealed class Sample : IDisposable
{
    private readonly Folder cache = new();

    public Sample()
    {
        Catalog = new DataCatalog(null, cache.Path);
        Images = Catalog.Load("mnist-sample", _ => { });
    }

    internal DataCatalog Catalog { get; }

    internal ImageSet Images { get; }

    /// <summary>Options for a runner with one thread. To give memory back takes longer than the short runs of tests.</summary>
    internal RunnerOptions Options(string store, bool retry = false) =>
        new(store, Catalog, 1, TimeSpan.FromMinutes(5), retry) { GivesMemoryBack = false };

    public void Dispose()
    {
        Images.Dispose();
        cache.Dispose();
    }
}

/// <summary>A folder that ends with the test.</summary>
internal sealed class Folder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("freeze-test-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public string Write(string name, byte[] content)
    {
        var path = File(name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        // A new file: ext4 may wait for the disk where one is made empty, which File.WriteAllBytes does to new ones too.
        System.IO.File.Delete(path);
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        file.Write(content);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
