namespace Freeze.Records;

/// <summary>The machine lacks what a run needs. The run has not failed: another or a repaired machine may train it.</summary>
public class MachineException(string message, string advice, Exception? inner = null) : RunException(message, advice, inner);
