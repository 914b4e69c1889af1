using static TorchSharp.NativeMethods;

namespace Freeze.Torch;

/// <summary>
/// Work of a GPU that is recorded once and then done again at one call, on the same memory: a CUDA graph. Its launches, of
/// which small nets make hundreds in a step, then cost next to nothing.
/// </summary>
public sealed class GpuGraph : IDisposable
{
    private nint graph;

    private GpuGraph(nint graph) => this.graph = graph;

    /// <summary>Whether there is a GPU, and a binding that was built with CUDA's headers.</summary>
    public static bool IsAvailable => freeze_graph_is_available() != 0;

    /// <summary>
    /// Records what this thread has a GPU do, gradients included; it is not done. What it reads and makes has to stay where
    /// it is for as long as the graph lives.
    /// </summary>
    /// <exception cref="System.Runtime.InteropServices.ExternalException">
    /// Something cannot be recorded, such as reading a number.
    /// </exception>
    public static GpuGraph Record(Action work)
    {
        ArgumentNullException.ThrowIfNull(work);
        Check(freeze_graph_begin(out var graph));
        var recorded = new GpuGraph(graph);
        try
        {
            work();
        }
        catch
        {
            // Why the work has failed says more than that its recording is void.
            _ = freeze_graph_end(graph);
            recorded.Dispose();
            throw;
        }

        try
        {
            Check(freeze_graph_end(graph));
        }
        catch
        {
            recorded.Dispose();
            throw;
        }

        return recorded;
    }

    /// <summary>Does it again, behind what the GPU was given before.</summary>
    public void Replay()
    {
        ObjectDisposedException.ThrowIf(graph == 0, this);
        Check(freeze_graph_replay(graph));
    }

    /// <summary>Gives its memory back.</summary>
    public void Dispose()
    {
        if (graph != 0)
        {
            _ = freeze_graph_free(graph);
            graph = 0;
        }
    }
}
