namespace Freeze.Runtime.Results;

/// <summary>Another process is working on something that this run needs; the caller should try again later.</summary>
internal sealed class ElsewhereException(string holder) : Exception($"running in another process: {holder}")
{
    /// <summary>The other process, and what it is working on.</summary>
    public string Holder { get; } = holder;
}
