using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Kernels;

/// <summary>What an operation makes of the gradient of its output: one gradient for each input, or null where none is wanted.</summary>
internal delegate Tensor?[] Backward(Tensor gradient);

/// <summary>As <see cref="Backward"/>, of several outputs; null for those that no gradient has come to.</summary>
internal delegate Tensor?[] BackwardOfAll(Tensor?[] gradients);

/// <summary>As <see cref="Backward"/>; adds the gradient, if any, of the first input's other readers to that input's.</summary>
internal delegate Tensor?[] BackwardBeside(Tensor gradient, Tensor? others);

/// <summary>
/// The operations of ours in one thread's forward and backward passes. Each is a node of libtorch's own graph, made
/// through the functions that LibTorchSharp exports for <c>torch.autograd.Function</c>. That class itself would keep an empty
/// tensor of every output's size, and every gradient until the step ends; docs/architecture.md has the measurements.
/// </summary>
public sealed partial class Graph
{
    // Gradients that the node before has returned: libtorch copies the reference behind our back, so ours goes with the next.
    private readonly List<Tensor> returned = [];
    private ExceptionDispatchInfo? failure;

    /// <param name="useKernels">Whether native kernels compute where they can; without, plain TorchSharp does.</param>
    public Graph(bool useKernels = true)
    {
        TorchLibraries.Load();
        HasKernels = useKernels && TorchLibraries.HasKernels;
    }

    /// <summary>Whether native kernels compute where they can.</summary>
    public bool HasKernels { get; }

    /// <summary>Adds the gradient of a scalar to every leaf that it depends on.</summary>
    public void Run(Tensor loss)
    {
        ArgumentNullException.ThrowIfNull(loss);
        try
        {
            loss.backward();
        }
        catch (ExternalException) when (failure is not null)
        {
            // What libtorch met after an operation of ours had failed.
        }
        finally
        {
            Forget();
        }

        if (Interlocked.Exchange(ref failure, null) is { } error)
        {
            error.Throw();
        }
    }

    /// <summary>Records an operation for the backward pass, if one of its inputs wants a gradient.</summary>
    /// <param name="output">What it made; without history.</param>
    /// <param name="inputs">What gradients may flow to.</param>
    /// <param name="backward">Makes the inputs' gradients; called at most once, without history.</param>
    /// <param name="saved">What <paramref name="backward"/> reads, owned by nobody else; disposed with the node.</param>
    internal Tensor Record(Tensor output, Tensor[] inputs, Backward backward, params Tensor?[] saved) =>
        RecordAll([output], inputs, gradients => gradients[0] is { } gradient ? backward(gradient) : [], saved)[0];

    /// <summary>
    /// As above, of an input that others read too. They have to read what is put in its place: their gradient then comes to this
    /// operation, which adds it as it makes its own, where libtorch would take another pass over both.
    /// </summary>
    /// <param name="output">What it made; without history.</param>
    /// <param name="x">The input; on return, what others read.</param>
    /// <param name="inputs">What else gradients may flow to.</param>
    /// <param name="backward">Makes the gradients of x and of those inputs.</param>
    /// <param name="saved">What <paramref name="backward"/> reads.</param>
    internal Tensor RecordBeside(Tensor output, ref Tensor x, Tensor[] inputs, BackwardBeside backward, params Tensor?[] saved)
    {
        if (!is_grad_enabled() || !x.requires_grad)
        {
            return Record(output, [x, .. inputs], gradient => backward(gradient, null), saved);
        }

        var both = RecordAll(
            [output, x.detach()],
            [x, .. inputs],
            gradients => gradients[0] is { } gradient ? backward(gradient, gradients[1]) : [gradients[1]!.alias()],
            saved);
        x = both[1];
        return both[0];
    }

    private Tensor[] RecordAll(Tensor[] outputs, Tensor[] inputs, BackwardOfAll backward, Tensor?[] saved)
    {
        if (!is_grad_enabled() || !Array.Exists(inputs, input => input.requires_grad))
        {
            foreach (var tensor in saved)
            {
                tensor?.Dispose();
            }

            return outputs;
        }

        foreach (var tensor in saved)
        {
            tensor?.DetachFromDisposeScope();
        }

        var node = new Node(this, inputs.Length, backward, saved);
        return node.Wrap(outputs, inputs);
    }

    private void Forget()
    {
        foreach (var tensor in returned)
        {
            tensor.Dispose();
        }

        returned.Clear();
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct NodeHandle
    {
        public nint Shared, Weak;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Handles
    {
        public nint Array;
        public long Size;
    }

    // One recorded operation. libtorch's node owns it: it lives until that is deleted.
    private sealed unsafe class Node
    {
        private readonly Graph graph;
        private readonly int inputs;
        private readonly BackwardOfAll backward;
        private readonly Tensor?[] saved;
        private readonly ApplyFunction apply;
        private readonly DeleteFunction delete;
        private readonly nint* results;
        private readonly GCHandle self;
        private NodeHandle handle;

        public Node(Graph graph, int inputs, BackwardOfAll backward, Tensor?[] saved)
        {
            (this.graph, this.inputs, this.backward, this.saved) = (graph, inputs, backward, saved);
            (apply, delete) = (Apply, Delete);
            results = (nint*)NativeMemory.Alloc((nuint)inputs, (nuint)sizeof(nint));
            self = GCHandle.Alloc(this);
            handle = THSAutograd_CSharpNode_ctor(
                Marshal.GetFunctionPointerForDelegate(apply), Marshal.GetFunctionPointerForDelegate(delete));
        }

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate Handles ApplyFunction(nint gradients, int count);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate void DeleteFunction();

        // Joins the graph: the outputs that the caller goes on with.
        public Tensor[] Wrap(Tensor[] outputs, Tensor[] from)
        {
            var edges = stackalloc nint[from.Length];
            for (var i = 0; i < from.Length; i++)
            {
                edges[i] = from[i].Handle;
            }

            var ofInputs = new Handles { Array = (nint)edges, Size = from.Length };
            THSAutograd_CSharpNode_setNextEdges(handle, ofInputs, 1);
            THSAutograd_CSharpNode_clearInputMetadata(handle);
            var made = stackalloc nint[outputs.Length];
            var wrapped = stackalloc nint[outputs.Length];
            for (var i = 0; i < outputs.Length; i++)
            {
                (made[i], wrapped[i]) = (outputs[i].Handle, 0);
            }

            var place = (nint)wrapped;
            AllocateFunction allocate = _ => place;
            THSAutograd_Function_wrapOutputs(
                ofInputs, default, default, new Handles { Array = (nint)made, Size = outputs.Length }, handle,
                Marshal.GetFunctionPointerForDelegate(allocate));
            GC.KeepAlive(allocate);
            GC.KeepAlive(from);
            // Asked for before the next call, which forgets it.
            var problem = *wrapped == 0 ? Marshal.PtrToStringUTF8(THSTorch_get_and_reset_last_err()) : null;
            // From here on the output's history alone keeps the node.
            THSAutograd_CSharpNode_disposeSharedPtr(handle);
            handle.Shared = 0;
            if (*wrapped == 0)
            {
                throw new InvalidOperationException($"libtorch could not record an operation: {problem}");
            }

            var recorded = new Tensor[outputs.Length];
            for (var i = 0; i < outputs.Length; i++)
            {
                outputs[i].Dispose();
                recorded[i] = Tensor.UnsafeCreateTensor(wrapped[i]);
            }

            return recorded;
        }

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate nint AllocateFunction(nuint count);

        // Called by libtorch: no exception may leave it.
        private Handles Apply(nint gradients, int count)
        {
            graph.Forget();
            new Span<nint>(results, inputs).Clear();
            try
            {
                using var scope = NewDisposeScope();
                using var constant = no_grad();
                // Ours to free, even where they are of no use.
                var given = Array.ConvertAll(
                    new Span<nint>((nint*)gradients, count).ToArray(),
                    gradient => gradient == 0 ? null : Tensor.UnsafeCreateTensor(gradient));
                if (Array.Exists(given, gradient => gradient is not null) && graph.failure is null)
                {
                    var made = backward(given);
                    for (var i = 0; i < made.Length; i++)
                    {
                        if (made[i] is { } gradient)
                        {
                            gradient.DetachFromDisposeScope();
                            graph.returned.Add(gradient);
                            results[i] = gradient.Handle;
                        }
                    }
                }
            }
#pragma warning disable CA1031 // It is thrown where the backward pass ends.
            catch (Exception error)
#pragma warning restore CA1031
            {
                new Span<nint>(results, inputs).Clear();
                graph.failure ??= ExceptionDispatchInfo.Capture(error);
            }

            Release();
            return new Handles { Array = (nint)results, Size = inputs };
        }

        private void Delete()
        {
            Release();
            THSAutograd_CSharpNode_disposeWeakPtr(handle);
            NativeMemory.Free(results);
            self.Free();
        }

        private void Release()
        {
            foreach (var tensor in saved)
            {
                tensor?.Dispose();
            }
        }
    }

    [LibraryImport(TorchLibraries.TorchSharpName)]
    private static partial NodeHandle THSAutograd_CSharpNode_ctor(nint apply, nint delete);

    [LibraryImport(TorchLibraries.TorchSharpName)]
    private static partial nint THSTorch_get_and_reset_last_err();

    [LibraryImport(TorchLibraries.TorchSharpName)]
    private static partial void THSAutograd_CSharpNode_setNextEdges(NodeHandle node, Handles inputs, byte isExecutable);

    [LibraryImport(TorchLibraries.TorchSharpName)]
    private static partial void THSAutograd_CSharpNode_clearInputMetadata(NodeHandle node);

    [LibraryImport(TorchLibraries.TorchSharpName)]
    private static partial void THSAutograd_CSharpNode_disposeSharedPtr(NodeHandle node);

    [LibraryImport(TorchLibraries.TorchSharpName)]
    private static partial void THSAutograd_CSharpNode_disposeWeakPtr(NodeHandle node);

    [LibraryImport(TorchLibraries.TorchSharpName)]
    private static partial void THSAutograd_Function_wrapOutputs(
        Handles inputs, Handles constants, Handles changed, Handles outputs, NodeHandle node, nint allocate);
}
