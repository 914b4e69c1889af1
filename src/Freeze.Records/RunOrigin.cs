namespace Freeze.Records;

/// <summary>The weights that a run starts from.</summary>
/// <param name="Address">The address of the run that saved them.</param>
/// <param name="Path">Their file.</param>
/// <param name="Digest">The file's SHA-256.</param>
internal sealed record RunOrigin(string Address, string Path, string Digest);
