namespace Freeze.Runtime.Results;

/// <summary>A run whose epochs are the first ones of a longer one, so that this may go on from its end.</summary>
/// <param name="Hash">Its address.</param>
/// <param name="Files">Its files, which need not be there.</param>
internal sealed record ShorterRun(string Hash, RunFiles Files);
