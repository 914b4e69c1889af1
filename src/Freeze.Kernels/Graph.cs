using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Kernels;

/// <summary>Turns the gradient of an operation's output into one gradient per input, or null where none is requested.</summary>
internal delegate Tensor?[] Backward(Tensor gradient);

/// <summary>As <see cref="Backward"/>, with several outputs; a gradient is null if none has reached that output.</summary>
internal delegate Tensor?[] BackwardOfAll(Tensor?[] gradients);

/// <summary>As <see cref="Backward"/>; also adds the gradient, if any, of the first input's other readers.</summary>
internal delegate Tensor?[] BackwardBeside(Tensor gradient, Tensor? others);

/// <summary>
/// Our operations in one thread's forward and backward passes. Each is a node of libtorch's own graph, made through the functions
/// that LibTorchSharp exports for <c>torch.autograd.Function</c>. That class itself would keep an empty tensor as large as every
/// output, and every gradient until the step ends; docs/architecture.md has the measurements.
/// </summary>
public sealed partial class Graph
{
    // Gradients that the previous node returned. libtorch copies the references unseen, so the next node releases ours.
    private readonly List<Tensor> returned = [];
    private ExceptionDispatchInfo? failure;

    /// <param name="useKernels">Whether to use native kernels where possible; without them, plain TorchSharp computes.</param>
    public Graph(bool useKernels = true)
    {
        TorchLibraries.Load();
        HasKernels = useKernels && TorchLibraries.HasKernels;
    }

    /// <summary>Whether native kernels are used where they can compute.</summary>
    public bool HasKernels { get; }

    /// <summary>Adds the gradient of a scalar to every leaf that the scalar depends on.</summary>
    public void Run(Tensor loss)
    {
        ArgumentNullException.ThrowIfNull(loss);
        try
        {
            loss.backward();
        }
        catch (ExternalException) when (failure is not null)
        {
            // libtorch's follow-up error after one of our operations failed.
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

    /// <summary>Records an operation for the backward pass, if one of its inputs requires a gradient.</summary>
    /// <param name="output">The operation's output, without history.</param>
    /// <param name="inputs">The tensors that gradients may flow to.</param>
    /// <param name="backward">Computes the inputs' gradients; called at most once, without history.</param>
    /// <param name="saved">The tensors that <paramref name="backward"/> reads; the node owns and disposes them.</param>
    internal Tensor Record(Tensor output, Tensor[] inputs, Backward backward, params Tensor?[] saved) =>
        RecordAll([output], inputs, gradients => gradients[0] is { } gradient ? backward(gradient) : [], saved)[0];

    /// <summary>
    /// As above, for an input that has other readers too. They must read the tensor that replaces it: their gradient then reaches
    /// this operation, which adds it while computing its own; libtorch would take another pass over both.
    /// </summary>
    /// <param name="output">The operation's output, without history.</param>
    /// <param name="x">The input; on return, the tensor that other readers must use.</param>
    /// <param name="inputs">The other tensors that gradients may flow to.</param>
    /// <param name="backward">Computes the gradients of x and of those inputs.</param>
    /// <param name="saved">The tensors that <paramref name="backward"/> reads.</param>
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

    // One recorded operation. It lives until libtorch deletes its own node, which owns it.
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

        // Joins the graph and returns the outputs for the caller to use.
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
            // Read before the next call, which clears it.
            var problem = *wrapped == 0 ? Marshal.PtrToStringUTF8(THSTorch_get_and_reset_last_err()) : null;
            // From here on, only the output's history keeps the node alive.
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

        // Called by libtorch: no exception may escape.
        private Handles Apply(nint gradients, int count)
        {
            graph.Forget();
            new Span<nint>(results, inputs).Clear();
            try
            {
                using var scope = NewDisposeScope();
                using var constant = no_grad();
                // We must free them, even the unused ones.
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
#pragma warning disable CA1031 // It is rethrown when the backward pass ends.
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
