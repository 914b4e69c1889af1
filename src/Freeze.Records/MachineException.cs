namespace Freeze.Records;

/// <summary>The machine lacks what a run needs. That is no failure of the run: another machine, or this one when it is mended, may train it.</summary>
public class MachineException(string message, string advice, Exception? inner = null) : RunException(message, advice, inner);
