using System.Security.Cryptography;

namespace Freeze.Runtime.Data;

/// <summary>A published layout of CIFAR-10 or CIFAR-100.</summary>
/// <param name="Archive">The published archive.</param>
/// <param name="Training">The training files, each with the same number of images.</param>
/// <param name="Test">The test file.</param>
/// <param name="IsPickled">Whether the files are pickles instead of binary records.</param>
/// <param name="Sums">The MD5 of each file, if no better sum of the published content is known.</param>
internal sealed record CifarLayout(
    string Archive, IReadOnlyList<string> Training, string Test, bool IsPickled = false, IReadOnlyList<string>? Sums = null)
{
    private static readonly string[] Batches = [.. Enumerable.Range(1, 5).Select(i => $"data_batch_{i}")];

    /// <summary>The layouts of CIFAR-10.</summary>
    public static readonly CifarLayout[] Ten =
    [
        new("cifar-10-binary.tar.gz", [.. Batches.Select(name => $"{name}.bin")], "test_batch.bin"),
        new("cifar-10-python.tar.gz", Batches, "test_batch", IsPickled: true),
    ];

    /// <summary>The layouts of CIFAR-100, with torchvision's MD5 sums.</summary>
    public static readonly CifarLayout[] Hundred =
    [
        new("cifar-100-binary.tar.gz", ["train.bin"], "test.bin"),
        new(
            "cifar-100-python.tar.gz", ["train"], "test", IsPickled: true,
            ["16019d7e3df5f24257cddd939b257f8d", "f0ef6b0ae62326f3e7ffdfab6717acfc"]),
    ];

    public IReadOnlyList<string> Files { get; } = [.. Training, Test];

    /// <summary>Reports that a file is not what it should be.</summary>
    public static DataException Damaged(string path, string reason) =>
        new($"{path} is damaged or not the expected file: {reason}", "unpack it again from its authors' archive");
}

/// <summary>CIFAR-10 or CIFAR-100, or its first records; the layout is verified, and a digest identifies the content.</summary>
/// <param name="Labels">Which labels to read.</param>
/// <param name="Published">Its layouts. If a folder holds several, the first is read.</param>
/// <param name="IsSample">Whether the files hold fewer records than the whole set, under the same names.</param>
internal sealed record CifarSet(string Name, CifarLabels Labels, IReadOnlyList<CifarLayout> Published, bool IsSample = false)
    : ByteFiles(Name, Published[0].Files, [""])
{
    // Classes and superclasses are read from the same files.
    public override string Folder => Name.Replace("-coarse", "", StringComparison.Ordinal);

    public override IReadOnlyList<string> Archives => IsSample ? [] : [.. Published.Select(layout => layout.Archive)];

    public override IReadOnlyList<IReadOnlyList<string>> Layouts => [.. Published.Select(layout => layout.Files)];

    // The size distinguishes a sample from the whole set; a whole set of another size is reported as damaged.
    public override bool IsIn(string folder) => TryFind(folder) is not null && (!IsSample || IsWhole(folder));

    public override bool IsWhole(string folder)
    {
        var layout = In(folder);
        return layout.Files.All(file =>
        {
            var length = new FileInfo(Find(folder, file)).Length;
            var format = file == layout.Test ? TestFormat : TrainingFormat(layout);
            // A pickle is longer than its pixels.
            return layout.IsPickled ? length > (long)CifarFile.ImageBytes * format.Records : length == format.FileBytes;
        });
    }

    public override IReadOnlyList<string> Paths(string folder) => [.. In(folder).Files.Select(file => Find(folder, file))];

    public override string Digest(string folder) =>
        In(folder).Sums is { } sums && sums.SequenceEqual(Paths(folder).Select(Md5)) ? Set.Digest : base.Digest(folder);

    protected override (RawImages Training, RawImages Test) Read(string folder)
    {
        var layout = In(folder);
        string[] paths = [.. Paths(folder)];
        Func<IReadOnlyList<string>, CifarFormat, RawImages> read = layout.IsPickled ? CifarPickle.Read : CifarFile.Read;
        return (read(paths[..^1], TrainingFormat(layout)), read(paths[^1..], TestFormat));
    }

    private CifarFormat TestFormat => new(Set.TestImages, Labels);

    private CifarFormat TrainingFormat(CifarLayout layout) => new(Set.TrainingImages / layout.Training.Count, Labels);

    private CifarLayout? TryFind(string folder) =>
        Published.FirstOrDefault(layout => layout.Files.All(file => File.Exists(Path.Combine(folder, file))));

    private CifarLayout In(string folder) => TryFind(folder) ?? Published[0];

#pragma warning disable CA5351 // The publishers' own sum; it detects damage and other copies, not forgeries.
    private static string Md5(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(MD5.HashData(file));
    }
#pragma warning restore CA5351
}
