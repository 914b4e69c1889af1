namespace Freeze.Runtime.Results;

/// <summary>A run that is equal to the first epochs of a longer one, which may continue from its end.</summary>
/// <param name="Hash">Its address.</param>
/// <param name="Files">Its files, which need not exist.</param>
internal sealed record ShorterRun(string Hash, RunFiles Files);
