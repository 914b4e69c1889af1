namespace Freeze.Runtime.Data;

/// <summary>A data set is missing, damaged or not the expected one.</summary>
public sealed class DataException(string message, string advice, Exception? inner = null)
    : MachineException(message, advice, inner);
