namespace Freeze.Runtime.Data;

/// <summary>A data set is missing, damaged or another one than it should be.</summary>
public sealed class DataException(string message, string advice, Exception? inner = null)
    : MachineException(message, advice, inner);
