namespace Freeze.Runtime.Data;

/// <summary>The set that Freeze draws itself: always available, without files.</summary>
internal sealed record SyntheticSet() : ByteFiles(SetName, [], [])
{
    /// <summary>The set's name in <see cref="DataSets"/>.</summary>
    public const string SetName = "synthetic";

    /// <summary>The place that is reported for it.</summary>
    public const string Memory = "memory";

    public override bool IsAlwaysPublished => true;

    public override string Locate(IEnumerable<string> folders) => Memory;

    protected override (RawImages Training, RawImages Test) Read(string folder) =>
        (SyntheticImages.Draw("training", Set.TrainingImages), SyntheticImages.Draw("test", Set.TestImages));
}
