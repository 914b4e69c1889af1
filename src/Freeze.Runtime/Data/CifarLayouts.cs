using System.Security.Cryptography;

namespace Freeze.Runtime.Data;

/// <summary>CIFAR-10 or CIFAR-100 as pickles, whose layout is verified.</summary>
/// <param name="Training">The training files, of equally many images each.</param>
/// <param name="Test">The test file.</param>
/// <param name="Labels">Which labels are read.</param>
/// <param name="Sums">The published MD5 of each file, where that is all that is known of the published content.</param>
internal sealed record CifarPythonSet(
    string Name, IReadOnlyList<string> Training, string Test, CifarLabels Labels, IReadOnlyList<string>? Sums = null)
    : SetFiles(Name, [.. Training, Test], [""])
{
    /// <summary>The names of CIFAR-10's training files.</summary>
    public static IReadOnlyList<string> TenBatches { get; } = [.. Enumerable.Range(1, 5).Select(i => $"data_batch_{i}")];

    /// <summary>The MD5 of CIFAR-100's files, training first, as torchvision has them.</summary>
    public static IReadOnlyList<string> HundredSums { get; } =
        ["16019d7e3df5f24257cddd939b257f8d", "f0ef6b0ae62326f3e7ffdfab6717acfc"];

    // A pickle is longer than its pixels.
    public override bool IsWhole(string folder) => Files.All(file => new FileInfo(Find(folder, file)).Length
        > (long)CifarFile.ImageBytes * (file == Test ? Set.TestImages : Set.TrainingImages / Training.Count));

    public override string Digest(string folder) =>
        Sums is not null && Sums.SequenceEqual(Paths(folder).Select(Md5)) ? Set.Digest : base.Digest(folder);

    public override (RawImages Training, RawImages Test) Read(string folder)
    {
        RawImages Part(IReadOnlyList<string> files, int images) => CifarPickle.Read(
            [.. files.Select(file => Find(folder, file))], new CifarFormat(images / files.Count, Labels));
        return (Part(Training, Set.TrainingImages), Part([Test], Set.TestImages));
    }

#pragma warning disable CA5351 // The publishers' own sum; what it tells apart is damage and other copies, not forgeries.
    private static string Md5(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(MD5.HashData(file));
    }
#pragma warning restore CA5351
}

/// <summary>A set that is published in two layouts. Where a folder holds both, the binary one is read.</summary>
internal sealed record EitherLayout(SetFiles Binary, SetFiles Python) : SetFiles(Binary.Name, Binary.Files, Binary.Endings)
{
    public override string Folder => Binary.Folder;

    public override IReadOnlyList<IReadOnlyList<string>> Layouts => [Binary.Files, Python.Files];

    public override bool IsIn(string folder) => Binary.IsIn(folder) || Python.IsIn(folder);

    public override bool IsWhole(string folder) => Found(folder).IsWhole(folder);

    public override IReadOnlyList<string> Paths(string folder) => Found(folder).Paths(folder);

    public override string Digest(string folder) => Found(folder).Digest(folder);

    public override (RawImages Training, RawImages Test) Read(string folder) => Found(folder).Read(folder);

    private SetFiles Found(string folder) => Binary.IsIn(folder) ? Binary : Python;
}
