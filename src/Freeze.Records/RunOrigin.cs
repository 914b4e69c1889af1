namespace Freeze.Records;

/// <summary>The weights that a run starts from.</summary>
/// <param name="Address">Of the run that left them.</param>
/// <param name="Path">Of their file.</param>
/// <param name="Digest">Its SHA-256.</param>
internal sealed record RunOrigin(string Address, string Path, string Digest);
