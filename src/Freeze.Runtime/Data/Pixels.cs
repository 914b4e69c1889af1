using System.IO.MemoryMappedFiles;

namespace Freeze.Runtime.Data;

/// <summary>
/// The bytes of many images of one size, in memory or in a file that is mapped into it: there may be more of them
/// than an array can hold, and more than the machine has memory. May be read by several threads.
/// </summary>
internal sealed unsafe class Pixels : IDisposable
{
    private readonly byte[] held;
    private readonly MemoryMappedViewAccessor? view;
    private readonly byte* start;
    private bool isDisposed;

    private Pixels(byte[] held, MemoryMappedViewAccessor? view, int size, long count)
    {
        this.held = held;
        this.view = view;
        Size = size;
        Count = count;
        if (view is not null)
        {
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            start += view.PointerOffset;
        }
    }

    /// <summary>Bytes of an image.</summary>
    public int Size { get; }

    /// <summary>How many images there are.</summary>
    public long Count { get; }

    /// <summary>Images one behind the other in an array, which is not copied.</summary>
    public static Pixels Of(byte[] bytes, int size) => bytes.Length % size == 0
        ? new Pixels(bytes, null, size, bytes.Length / size)
        : throw new ArgumentException($"{bytes.Length} bytes are no whole number of images of {size}");

    /// <summary>Images one behind the other from a place in a file, which may be closed meanwhile.</summary>
    public static Pixels Mapped(MemoryMappedFile file, long offset, int size, long count) =>
        new([], file.CreateViewAccessor(offset, size * count, MemoryMappedFileAccess.Read), size, count);

    /// <summary>The bytes of one image; they may be read until this is disposed.</summary>
    public ReadOnlySpan<byte> Of(long image)
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        // Memory that is mapped has no bounds of its own: a wrong place must not be read.
        ArgumentOutOfRangeException.ThrowIfNegative(image);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(image, Count);
        return view is null
            ? held.AsSpan((int)(image * Size), Size)
            : new ReadOnlySpan<byte>(start + (image * Size), Size);
    }

    /// <summary>Gives the mapped memory back.</summary>
    public void Dispose()
    {
        if (!isDisposed)
        {
            isDisposed = true;
            view?.SafeMemoryMappedViewHandle.ReleasePointer();
            view?.Dispose();
        }
    }
}
