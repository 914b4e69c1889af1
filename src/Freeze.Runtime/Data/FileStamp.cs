using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Freeze.Runtime.Data;

/// <summary>
/// Detects changes of a file: its size, its times of writing and of change, in nanoseconds, and its inode. Without statx, its
/// size and its time of writing.
/// </summary>
internal static partial class FileStamp
{
    private const int Bytes = 256;
    private const int WorkingFolder = -100;
    private const uint BasicStatistics = 0x7ff;

    /// <summary>The stamp of a file, as text.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string Of(string path)
    {
        if (OperatingSystem.IsLinux())
        {
            // The offsets of struct statx are the same on every processor.
            Span<byte> found = stackalloc byte[Bytes];
            return Statx(WorkingFolder, path, 0, BasicStatistics, found) == 0
                ? string.Create(
                    CultureInfo.InvariantCulture, $"{Long(found, 40)} {Time(found, 112)} {Time(found, 96)} {Long(found, 32)}")
                : throw new FileNotFoundException($"{path} cannot be inspected", path);
        }

        var file = new FileInfo(path);
        return string.Create(CultureInfo.InvariantCulture, $"{file.Length} {file.LastWriteTimeUtc.Ticks}");
    }

    private static string Time(ReadOnlySpan<byte> found, int offset) => string.Create(
        CultureInfo.InvariantCulture, $"{Long(found, offset)}.{BinaryPrimitives.ReadUInt32LittleEndian(found[(offset + 8)..])}");

    private static long Long(ReadOnlySpan<byte> found, int offset) => BinaryPrimitives.ReadInt64LittleEndian(found[offset..]);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Statx(int folder, string path, int flags, uint mask, Span<byte> found);
}
