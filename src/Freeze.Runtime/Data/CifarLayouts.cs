namespace Freeze.Runtime.Data;

/// <summary>CIFAR-10 or CIFAR-100 as pickles, verified by their exact contents.</summary>
/// <param name="Training">The training files, of equally many images each.</param>
/// <param name="Test">The test file.</param>
/// <param name="Labels">Which labels are read.</param>
internal sealed record CifarPythonSet(string Name, IReadOnlyList<string> Training, string Test, CifarLabels Labels)
    : SetFiles(Name, [.. Training, Test], [""])
{
    /// <summary>The names of CIFAR-10's training files.</summary>
    public static IReadOnlyList<string> TenBatches { get; } = [.. Enumerable.Range(1, 5).Select(i => $"data_batch_{i}")];

    public override (RawImages Training, RawImages Test) Read(string folder)
    {
        var set = DataSets.all.Single(set => set.Name == Name);
        RawImages Part(IReadOnlyList<string> files, int images) => CifarPickle.Read(
            [.. files.Select(file => Find(folder, file))], new CifarFormat(images / files.Count, Labels));
        return (Part(Training, set.TrainingImages), Part([Test], set.TestImages));
    }
}

/// <summary>A set that is published in two layouts. Where a folder holds both, the binary one is read.</summary>
internal sealed record EitherLayout(SetFiles Binary, SetFiles Python) : SetFiles(Binary.Name, Binary.Files, Binary.Endings)
{
    public override string Folder => Binary.Folder;

    public override IReadOnlyList<IReadOnlyList<string>> Layouts => [Binary.Files, Python.Files];

    public override bool IsIn(string folder) => Binary.IsIn(folder) || Python.IsIn(folder);

    public override (RawImages Training, RawImages Test) Read(string folder) =>
        (Binary.IsIn(folder) ? Binary : Python).Read(folder);
}
