namespace Freeze.Runtime.Data;

/// <summary>The set that Freeze draws itself: no file, no folder, always there.</summary>
internal sealed record SyntheticSet() : ByteFiles(SetName, [], [])
{
    /// <summary>As <see cref="DataSets"/> names the set.</summary>
    public const string SetName = "synthetic";

    /// <summary>Where it is.</summary>
    public const string Memory = "memory";

    public override bool IsAlwaysPublished => true;

    public override string Locate(IEnumerable<string> folders) => Memory;

    protected override (RawImages Training, RawImages Test) Read(string folder) =>
        (SyntheticImages.Draw("training", Set.TrainingImages), SyntheticImages.Draw("test", Set.TestImages));
}
