using System.Runtime.InteropServices;

namespace Freeze.Runtime.Data.Pictures;

/// <summary>
/// Decodes JPEGs with libjpeg-turbo, by its slow and accurate transform and its smooth upsampling: the pixels are
/// those that Pillow gives. Grey becomes equal red, green and blue.
/// </summary>
internal static unsafe partial class JpegDecoder
{
    internal const string Library = "libturbojpeg.so.0";

    private const int Rgb = 0;

    // A warning means that pixels are missing and were made up. A small file may hold thousands of scans.
    private const int AccurateTransform = 4096, StopOnWarning = 8192, LimitScans = 32768;

    /// <summary>Decodes the content of a file.</summary>
    /// <exception cref="DataException">It is truncated, damaged, of inks instead of light, or too large.</exception>
    public static Picture Decode(string path, ReadOnlySpan<byte> content)
    {
        var decoder = tjInitDecompress();
        if (decoder == 0)
        {
            throw PictureFile.Refused(path, "libjpeg-turbo has no memory for it");
        }

        try
        {
            fixed (byte* source = content)
            {
                return Decode(path, decoder, source, (nuint)content.Length);
            }
        }
        finally
        {
            _ = tjDestroy(decoder);
        }
    }

    private static Picture Decode(string path, nint decoder, byte* source, nuint length)
    {
        Check(path, decoder, tjDecompressHeader3(
            decoder, source, length, out var width, out var height, out _, out var colours));
        if (width < 1 || height < 1)
        {
            // Tables alone are a JPEG too, to libjpeg-turbo.
            throw PictureFile.Refused(path, "it is truncated or damaged (there is no picture in it)");
        }

        PictureFile.DemandSize(path, width, height);
        if (colours is not ((int)Colours.Rgb or (int)Colours.YCbCr or (int)Colours.Grey))
        {
            throw PictureFile.Refused(path, "its colours are inks (CMYK): save it as RGB");
        }

        var pixels = GC.AllocateUninitializedArray<byte>(Picture.Channels * width * height);
        fixed (byte* target = pixels)
        {
            const int flags = AccurateTransform | StopOnWarning | LimitScans;
            Check(path, decoder, tjDecompress2(decoder, source, length, target, width, 0, height, Rgb, flags));
        }

        return Picture.OfPixels(pixels, height, width, Picture.Channels);
    }

    private static void Check(string path, nint decoder, int status)
    {
        if (status != 0)
        {
            var said = Marshal.PtrToStringUTF8(tjGetErrorStr2(decoder)) ?? "libjpeg-turbo refused it";
            throw PictureFile.Refused(path, $"it is truncated or damaged ({said})");
        }
    }

    [LibraryImport(Library)]
    private static partial nint tjInitDecompress();

    // The length is an unsigned long, which on Linux and macOS is as wide as an address.
    [LibraryImport(Library)]
    private static partial int tjDecompressHeader3(
        nint decoder, byte* source, nuint length, out int width, out int height, out int sampling, out int colours);

    [LibraryImport(Library)]
    private static partial int tjDecompress2(
        nint decoder, byte* source, nuint length, byte* target, int width, int pitch, int height, int format,
        int flags);

    [LibraryImport(Library)]
    private static partial nint tjGetErrorStr2(nint decoder);

    [LibraryImport(Library)]
    private static partial int tjDestroy(nint decoder);

    // As libjpeg-turbo numbers them; the two that are left out are of inks.
    private enum Colours
    {
        Rgb = 0,
        YCbCr = 1,
        Grey = 2,
    }
}
