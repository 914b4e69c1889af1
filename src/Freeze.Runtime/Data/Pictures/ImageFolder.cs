namespace Freeze.Runtime.Data.Pictures;

/// <summary>Any folder of pictures, as <see cref="ImageFolders"/> lists it.</summary>
public static class ImageFolder
{
    /// <summary>What a folder holds, classes and counts included; no picture is opened.</summary>
    /// <exception cref="DataException">It has another layout, or is larger than any that is read.</exception>
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
    /// Both parts of a listing, each picture brought to a square, by way of the cache. The caller disposes their pixels.
    /// </summary>
    /// <param name="listing">What the folder holds.</param>
    /// <param name="digest">That of its content.</param>
    /// <param name="size">Rows and columns, 1 to <see cref="ImageFolders.largestSize"/>.</param>
    /// <param name="decoded">The cache.</param>
    /// <exception cref="DataException">A picture cannot be used.</exception>
    internal static (RawImages Training, RawImages Test) Read(
        ImageListing listing, string digest, int size, DecodedCache decoded) =>
        size >= 1 && size <= ImageFolders.largestSize
            ? decoded.Read("folder", listing, digest, new Square(size, MayScale: true))
            : throw new DataException(
                $"pictures of {size} x {size} are not made", $"choose a size from 1 to {ImageFolders.largestSize}");
}
