namespace Freeze.Runtime.Results;

/// <summary>A run that this one starts from, directly or not, has failed: this run waits for it.</summary>
internal sealed class BaseFailedException(string name, string reason) : Exception($"waiting for {name}")
{
    /// <summary>The name of the failed run.</summary>
    public string Base { get; } = name;

    /// <summary>Why it failed.</summary>
    public string Reason { get; } = reason;
}
