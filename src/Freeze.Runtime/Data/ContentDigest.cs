using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Freeze.Runtime.Data;

/// <summary>The digest of images and labels, independent of how their files are packed.</summary>
internal static class ContentDigest
{
    /// <summary>
    /// SHA-256, in hexadecimal, of an image's extents and the number of classes, then of each part's number of images, labels (16
    /// bits, little-endian) and pixels.
    /// </summary>
    public static string Of(DataSet set, RawImages training, RawImages test)
    {
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        AddText($"{string.Join('x', set.Image)} {set.Classes}");
        AddPart(training);
        AddPart(test);
        return Convert.ToHexStringLower(sum.GetHashAndReset());

        void AddText(string text) => sum.AppendData(Encoding.ASCII.GetBytes(text + "\n"));

        void AddPart(RawImages part)
        {
            AddText(part.Pixels.Count.ToString(CultureInfo.InvariantCulture));
            sum.AppendData(MemoryMarshal.AsBytes<ushort>(part.Labels));
            part.Pixels.AddTo(sum);
        }
    }

    /// <summary>The digest of a listing: its classes, paths and labels, and the SHA-256 of each file.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static string Of(ImageListing listing)
    {
        ImageFile[] files = [.. listing.Training, .. listing.Test];
        var sums = new string[files.Length];
        try
        {
            Parallel.For(0, files.Length, i =>
            {
                using var file = File.OpenRead(Path.Combine(listing.Folder, files[i].Path));
                sums[i] = Convert.ToHexStringLower(SHA256.HashData(file));
            });
        }
        catch (AggregateException error) when (error.InnerException is IOException or UnauthorizedAccessException)
        {
            ExceptionDispatchInfo.Throw(error.InnerException);
        }

        return ImageFolders.digest(listing, sums);
    }
}
