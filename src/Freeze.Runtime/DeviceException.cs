namespace Freeze.Runtime;

/// <summary>The machine lacks the device of a run. The run has not failed: another machine may train it.</summary>
public sealed class DeviceException(string message, string advice, Exception? inner = null)
    : MachineException(message, advice, inner);
