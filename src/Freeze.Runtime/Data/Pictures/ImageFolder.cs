namespace Freeze.Runtime.Data.Pictures;

/// <summary>Any folder of pictures, as <see cref="ImageFolders"/> lists it.</summary>
public static class ImageFolder
{
    /// <summary>The content of a folder, with classes and counts; no picture is opened.</summary>
    /// <exception cref="DataException">It has another layout, or is too large.</exception>
    public static ImageListing List(string folder)
    {
        var listed = ImageFolders.list(folder);
        return listed.IsOk
            ? listed.ResultValue
            : throw new DataException(
                $"{folder} cannot be read as a folder of pictures: {listed.ErrorValue}",
                "it must hold train/CLASS/… and test/CLASS/… (or val/CLASS/…) with .png, .jpg and .jpeg files");
    }

    /// <summary>
    /// Both parts of a listing, with each picture scaled to a square, by way of the cache. The caller disposes their pixels.
    /// </summary>
    /// <param name="listing">The content of the folder.</param>
    /// <param name="digest">The digest of that content.</param>
    /// <param name="size">Rows and columns, 1 to <see cref="ImageFolders.largestSize"/>.</param>
    /// <param name="decoded">The cache.</param>
    /// <exception cref="DataException">A picture is unusable.</exception>
    internal static (RawImages Training, RawImages Test) Read(
        ImageListing listing, string digest, int size, DecodedCache decoded) =>
        size >= 1 && size <= ImageFolders.largestSize
            ? decoded.Read("folder", listing, digest, new Square(size, MayScale: true))
            : throw new DataException(
                $"pictures cannot be scaled to {size} x {size}", $"choose a size from 1 to {ImageFolders.largestSize}");
}
