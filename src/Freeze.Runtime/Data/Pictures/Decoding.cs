namespace Freeze.Runtime.Data.Pictures;

/// <summary>What every picture of a set becomes: planes [3, size, size].</summary>
/// <param name="Size">Rows and columns.</param>
/// <param name="MayScale">Whether a picture of another size is brought to this one; else it is refused.</param>
internal sealed record Square(int Size, bool MayScale)
{
    /// <summary>Of one picture.</summary>
    public int Bytes => Picture.Channels * Size * Size;

    /// <summary>Decodes a file.</summary>
    /// <exception cref="DataException">It cannot be decoded, or has another size and may not be scaled.</exception>
    public byte[] Read(string path)
    {
        var picture = PictureFile.Read(path);
        return MayScale || (picture.Height == Size && picture.Width == Size)
            ? Resizer.ToSquare(picture, Size)
            : throw PictureFile.Refused(
                path, $"it has {picture.Width} x {picture.Height} pixels, and the images of this set {Size} x {Size}");
    }
}

/// <summary>Decodes many files on all cores; what comes of it depends on no order and no number of threads.</summary>
internal static class Decoding
{
    private const int BlockBytes = 32 << 20;

    /// <summary>The pixels of some files in their order, some tens of megabytes at a time.</summary>
    /// <exception cref="DataException">A file cannot be used; of several the first is named.</exception>
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
                failures[i] = new DataException(error.Message, "is the folder still there, and may it be read?", error);
            }
        });

        // Thrown here, and not by whichever thread came first.
        return failures.FirstOrDefault(failure => failure is not null) is { } first ? throw first : pixels;
    }
}
