namespace TorchSharp;

/// <summary>
/// Owns the tensors made on its thread while it is the innermost scope, and disposes them with itself. A tensor
/// that is to live on is moved to the scope around it or detached from all.
/// </summary>
public sealed class DisposeScope : IDisposable
{
    // A scope is a property of the thread that computes, as in TorchSharp.
    [ThreadStatic]
    private static DisposeScope? innermost;

    private readonly HashSet<torch.Tensor> owned = new(ReferenceEqualityComparer.Instance);
    private readonly int thread = Environment.CurrentManagedThreadId;
    private bool disposed;

    internal DisposeScope()
    {
        OuterScope = innermost;
        innermost = this;
    }

    // The scope around this one.
    private DisposeScope? OuterScope { get; set; }

    /// <summary>How many tensors this scope would dispose now.</summary>
    public int DisposablesCount => owned.Count;

    internal static DisposeScope? Join(torch.Tensor tensor)
    {
        innermost?.owned.Add(tensor);
        return innermost;
    }

    internal void Forget(torch.Tensor tensor) => owned.Remove(tensor);

    internal void MoveToOuter(torch.Tensor tensor)
    {
        owned.Remove(tensor);
        tensor.Owner = OuterScope;
        OuterScope?.owned.Add(tensor);
    }

    /// <summary>Disposes what the scope owns; scopes opened inside it and left open go with it.</summary>
    /// <exception cref="InvalidOperationException">On another thread than it was made on.</exception>
    public void Dispose()
    {
        if (disposed)
        {
            return;
        }

        if (thread != Environment.CurrentManagedThreadId)
        {
            throw new InvalidOperationException("a dispose scope ends on the thread that opened it");
        }

        while (innermost is { } inner && inner != this)
        {
            inner.Dispose();
        }

        disposed = true;
        innermost = OuterScope;
        foreach (var tensor in owned)
        {
            tensor.Owner = null;
            tensor.Dispose();
        }

        owned.Clear();
        OuterScope = null;
    }
}

public static partial class torch
{
    public sealed partial class Tensor
    {
        /// <summary>Gives the tensor to the scope around its own; out of the outermost it belongs to nobody.</summary>
        public Tensor MoveToOuterDisposeScope()
        {
            Owner?.MoveToOuter(this);
            return this;
        }

        /// <summary>Takes the tensor out of every scope: whoever keeps it disposes it.</summary>
        public Tensor DetachFromDisposeScope()
        {
            Owner?.Forget(this);
            Owner = null;
            return this;
        }
    }
}
