using System.Runtime.InteropServices;
using System.Text;

namespace Freeze.Runtime.Data.Pictures;

/// <summary>
/// Decodes PNGs with libpng. Grey becomes equal red, green and blue; 16 bits are rounded to 8; alpha is dropped, so
/// that pixels are those that are stored, also where they are transparent (as Pillow's convert("RGB") has it, which
/// most programs for such folders use).
/// </summary>
internal static unsafe partial class PngDecoder
{
    internal const string Library = "libpng16.so.16";

    // Asked for with alpha, since libpng would else lay the picture over a background.
    private const uint ColourWithAlpha = 3;
    private const int Stride = 4;

    private const uint Version = 1;
    private const uint SixteenBitsAreSrgb = 4;

    /// <summary>Decodes the content of a file.</summary>
    /// <exception cref="DataException">It is truncated, damaged, animated or too large.</exception>
    public static Picture Decode(string path, ReadOnlySpan<byte> content)
    {
        var (essential, width, height) = PngChunks.Essential(path, content);
        PictureFile.DemandSize(path, width, height);
        var pixels = GC.AllocateUninitializedArray<byte>(checked((int)(width * height * Stride)));
        var image = new Image { Version = Version };
        fixed (byte* source = essential)
        fixed (byte* target = pixels)
        {
            try
            {
                Check(path, image, png_image_begin_read_from_memory(&image, source, (nuint)essential.Length));
                image.Format = ColourWithAlpha;
                // Without this libpng takes 16 bits for linear light and 8 bits for sRGB.
                image.Flags |= SixteenBitsAreSrgb;
                Check(path, image, png_image_finish_read(&image, null, target, 0, null));
            }
            finally
            {
                png_image_free(&image);
            }
        }

        return Picture.OfPixels(pixels, (int)height, (int)width, Stride);
    }

    private static void Check(string path, Image image, int succeeded)
    {
        if (succeeded == 0)
        {
            var message = new ReadOnlySpan<byte>(image.Message, Image.MessageBytes);
            var end = message.IndexOf((byte)0);
            var said = Encoding.ASCII.GetString(end < 0 ? message : message[..end]);
            throw PictureFile.Refused(path, $"it is truncated or damaged ({said})");
        }
    }

    [LibraryImport(Library)]
    private static partial int png_image_begin_read_from_memory(Image* image, byte* memory, nuint length);

    [LibraryImport(Library)]
    private static partial int png_image_finish_read(
        Image* image, void* background, byte* target, int rowStride, void* colourMap);

    [LibraryImport(Library)]
    private static partial void png_image_free(Image* image);

    // png_image of png.h, which libpng keeps as it is within 1.6.
    [StructLayout(LayoutKind.Sequential)]
    private struct Image
    {
        public const int MessageBytes = 64;

        public nint Opaque;
        public uint Version;
        public uint Width;
        public uint Height;
        public uint Format;
        public uint Flags;
        public uint ColourMapEntries;
        public uint WarningOrError;
        public fixed byte Message[MessageBytes];
    }
}
