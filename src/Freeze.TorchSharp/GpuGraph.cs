// The tests compile it beside the binding's own.
#pragma warning disable CS0436
namespace Freeze.Torch;

/// <summary>TorchSharp records nothing on a GPU: each step's work is launched anew.</summary>
public sealed class GpuGraph : IDisposable
{
    private GpuGraph()
    {
    }

    /// <summary>Never.</summary>
    public static bool IsAvailable => false;

    /// <summary>Refused.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public static GpuGraph Record(Action work) => throw new NotSupportedException("TorchSharp records nothing on a GPU");

    /// <summary>There is none to replay.</summary>
    public void Replay() => throw new NotSupportedException("TorchSharp records nothing on a GPU");

    /// <summary>Nothing.</summary>
    public void Dispose()
    {
    }
}
