namespace Freeze.Runtime;

/// <summary>The machine lacks what a run is to be computed on: no failure of the run, which another machine may train.</summary>
public sealed class DeviceException(string message, string advice, Exception? inner = null)
    : MachineException(message, advice, inner);
