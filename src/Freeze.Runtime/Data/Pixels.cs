using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

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
    private readonly bool isAllocated;
    private bool isDisposed;

    private Pixels(int size, long count)
    {
        (held, Size, Count) = ([], size, count);
        isAllocated = true;
        start = (byte*)NativeMemory.Alloc((nuint)Math.Max(1, size * count));
    }

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

    /// <summary>Images in memory of their own, of any length.</summary>
    /// <param name="size">Bytes of an image.</param>
    /// <param name="count">How many images there are.</param>
    /// <param name="fill">Gives the images one behind the other, any number of bytes at a time, and all of them.</param>
    public static Pixels Allocated(int size, long count, Action<Action<ReadOnlySpan<byte>>> fill)
    {
        var pixels = new Pixels(size, count);
        try
        {
            var filled = 0L;
            fill(bytes =>
            {
                ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes.Length, (size * count) - filled);
                bytes.CopyTo(new Span<byte>(pixels.start + filled, bytes.Length));
                filled += bytes.Length;
            });
            return filled == size * count
                ? pixels
                : throw new ArgumentException($"{filled} bytes are not {count} images of {size}");
        }
        catch
        {
            pixels.Dispose();
            throw;
        }
    }

    /// <summary>The bytes of one image; they may be read until this is disposed.</summary>
    public ReadOnlySpan<byte> Of(long image)
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        // Memory that is mapped has no bounds of its own: a wrong place must not be read.
        ArgumentOutOfRangeException.ThrowIfNegative(image);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(image, Count);
        return view is null && !isAllocated
            ? held.AsSpan((int)(image * Size), Size)
            : new ReadOnlySpan<byte>(start + (image * Size), Size);
    }

    /// <summary>Gives memory back that is mapped or its own.</summary>
    public void Dispose()
    {
        if (!isDisposed)
        {
            isDisposed = true;
            view?.SafeMemoryMappedViewHandle.ReleasePointer();
            view?.Dispose();
            if (isAllocated)
            {
                NativeMemory.Free(start);
            }
        }
    }
}
