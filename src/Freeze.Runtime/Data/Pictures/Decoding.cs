namespace Freeze.Runtime.Data.Pictures;

/// <summary>The target of every picture of a set: planes [3, size, size].</summary>
/// <param name="Size">Rows and columns.</param>
/// <param name="MayScale">Whether pictures of another size are scaled; otherwise they are refused.</param>
internal sealed record Square(int Size, bool MayScale)
{
    /// <summary>The bytes of one picture.</summary>
    public int Bytes => Picture.Channels * Size * Size;

    /// <summary>Decodes a file.</summary>
    /// <exception cref="DataException">It cannot be decoded, or has another size and may not be scaled.</exception>
    public byte[] Read(string path)
    {
        var picture = PictureFile.Read(path);
        return MayScale || (picture.Height == Size && picture.Width == Size)
            ? Resizer.ToSquare(picture, Size)
            : throw PictureFile.Refused(
                path, $"it has {picture.Width} x {picture.Height} pixels, but this set's images have {Size} x {Size}");
    }
}

/// <summary>Decodes many files on all cores; the result does not depend on the order or the number of threads.</summary>
internal static class Decoding
{
    private const int BlockBytes = 32 << 20;

    /// <summary>The pixels of files in order, in blocks of tens of megabytes.</summary>
    /// <exception cref="DataException">A file is unusable; names the first.</exception>
    public static IEnumerable<byte[]> Blocks(string folder, IReadOnlyList<ImageFile> files, Square square)
    {
        var most = Math.Max(1, BlockBytes / square.Bytes);
        for (var start = 0; start < files.Count; start += most)
        {
            yield return Block(folder, files, start, Math.Min(most, files.Count - start), square);
        }
    }

    private static byte[] Block(string folder, IReadOnlyList<ImageFile> files, int start, int count, Square square)
    {
        var pixels = new byte[checked(count * square.Bytes)];
        var failures = new RunException?[count];
        Parallel.For(0, count, i =>
        {
            try
            {
                square.Read(Path.Combine(folder, files[start + i].Path)).CopyTo(pixels, i * square.Bytes);
            }
            catch (RunException failure)
            {
                failures[i] = failure;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                failures[i] = new DataException(error.Message, "check that the folder still exists and can be read", error);
            }
        });

        // Thrown here, so that the first file is named and not the file of the fastest thread.
        return failures.FirstOrDefault(failure => failure is not null) is { } first ? throw first : pixels;
    }
}
