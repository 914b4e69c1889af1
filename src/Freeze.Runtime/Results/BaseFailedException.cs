namespace Freeze.Runtime.Results;

/// <summary>The run that this one starts from, at the first of several, has failed: this one waits for it.</summary>
internal sealed class BaseFailedException(string name, string reason) : Exception($"waiting for {name}")
{
    /// <summary>What that run is called.</summary>
    public string Base { get; } = name;

    /// <summary>Why it has failed.</summary>
    public string Reason { get; } = reason;
}
