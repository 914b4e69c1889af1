using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Freeze.Runtime.Data;

/// <summary>
/// The bytes of many images of one size, in memory or in a memory-mapped file. They may exceed an array's limit and the machine's
/// memory. Several threads may read them.
/// </summary>
internal sealed unsafe class Pixels : IDisposable
{
    // Either an array, or memory that `free` releases.
    private readonly byte[] held;
    private readonly byte* start;
    private readonly Action? free;
    private bool isDisposed;

    private Pixels(byte[] held, byte* start, Action? free, int size, long count)
    {
        (this.held, this.free, Size, Count) = (held, free, size, count);
        this.start = start;
    }

    /// <summary>Bytes of an image.</summary>
    public int Size { get; }

    /// <summary>The number of images.</summary>
    public long Count { get; }

    /// <summary>Consecutive images in an array, which is not copied.</summary>
    public static Pixels Of(byte[] bytes, int size) => bytes.Length % size == 0
        ? new Pixels(bytes, null, null, size, bytes.Length / size)
        : throw new ArgumentException($"{bytes.Length} bytes are not a whole number of images of {size}");

    /// <summary>Consecutive images from an offset of a file, which may be closed afterwards.</summary>
    public static Pixels Mapped(MemoryMappedFile file, long offset, int size, long count)
    {
        var view = file.CreateViewAccessor(offset, size * count, MemoryMappedFileAccess.Read);
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        return new Pixels([], start + view.PointerOffset, Free, size, count);

        void Free()
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
            view.Dispose();
        }
    }

    /// <summary>Images in newly allocated memory of any size.</summary>
    /// <param name="size">Bytes of an image.</param>
    /// <param name="count">The number of images.</param>
    /// <param name="fill">Passes on all images in order, any number of bytes at a time.</param>
    public static Pixels Allocated(int size, long count, Action<Action<ReadOnlySpan<byte>>> fill)
    {
        var start = (byte*)NativeMemory.Alloc((nuint)Math.Max(1, size * count));
        var pixels = new Pixels([], start, () => NativeMemory.Free(start), size, count);
        try
        {
            var filled = 0L;
            fill(bytes =>
            {
                ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes.Length, (size * count) - filled);
                bytes.CopyTo(new Span<byte>(start + filled, bytes.Length));
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

    /// <summary>The bytes of one image, valid until this is disposed.</summary>
    public ReadOnlySpan<byte> Of(long image)
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        // Mapped memory has no bounds check of its own.
        ArgumentOutOfRangeException.ThrowIfNegative(image);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(image, Count);
        return start is null ? held.AsSpan((int)(image * Size), Size) : new ReadOnlySpan<byte>(start + (image * Size), Size);
    }

    /// <summary>Hashes all images in order.</summary>
    public void AddTo(IncrementalHash sum)
    {
        for (var image = 0L; image < Count; image++)
        {
            sum.AppendData(Of(image));
        }
    }

    /// <summary>Frees the allocated or mapped memory.</summary>
    public void Dispose()
    {
        if (!isDisposed)
        {
            isDisposed = true;
            free?.Invoke();
        }
    }
}
