namespace Freeze.Records;

/// <summary>An error that the user can fix: what is wrong, and what to do about it.</summary>
public class RunException(string message, string advice, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What the user can do.</summary>
    public string Advice { get; } = advice;
}
