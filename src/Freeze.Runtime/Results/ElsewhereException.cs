namespace Freeze.Runtime.Results;

/// <summary>Another process is at something that this run needs; the run is to be asked for again later.</summary>
internal sealed class ElsewhereException(string holder) : Exception($"running in another process: {holder}")
{
    /// <summary>Who, and at what.</summary>
    public string Holder { get; } = holder;
}
