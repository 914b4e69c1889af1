using System.Formats.Tar;
using System.IO.Compression;

namespace Freeze.Runtime.Data;

/// <summary>Extracts the files of a data set from a .tar.gz, and nothing else.</summary>
internal static class Archives
{
    // The largest file of any set has 155 MB, the largest archive 186 MB unpacked; a hostile archive may claim any size.
    private const long LargestFile = 1L << 28;
    private const long LargestArchive = 1L << 30;

    /// <summary>
    /// Unpacks the files of the first layout that the archive holds in full, by their bare names and from any folder of it. Each
    /// file appears whole or not at all, so several processes may unpack the same archive at once.
    /// </summary>
    /// <exception cref="DataException">The archive is damaged or lacks a file; nothing was unpacked.</exception>
    public static void Unpack(string archive, IReadOnlyList<IReadOnlyCollection<string>> layouts, string folder)
    {
        Directory.CreateDirectory(folder);
        // Inside the folder, because a file can be renamed atomically only within its file system.
        var beside = Directory.CreateDirectory(Path.Combine(folder, $".unpacking-{Guid.NewGuid():N}")).FullName;
        try
        {
            Extract(archive, [.. layouts.SelectMany(layout => layout)], beside);
            string[] Missing(IReadOnlyCollection<string> layout) =>
                [.. layout.Where(name => !File.Exists(Path.Combine(beside, name)))];
            var whole = layouts.FirstOrDefault(layout => Missing(layout).Length == 0) ?? throw Damaged(
                archive, $"it lacks {string.Join("; or ", layouts.Select(layout => string.Join(", ", Missing(layout))))}");
            foreach (var name in whole)
            {
                File.Move(Path.Combine(beside, name), Path.Combine(folder, name), overwrite: true);
            }
        }
        finally
        {
            Directory.Delete(beside, recursive: true);
        }
    }

    private static void Extract(string archive, IReadOnlyCollection<string> wanted, string folder)
    {
        try
        {
            using var file = File.OpenRead(archive);
            using var tar = new TarReader(new GZipStream(file, CompressionMode.Decompress));
            var total = 0L;
            while (tar.GetNextEntry() is { } entry)
            {
                total += entry.Length;
                if (entry.Length > LargestFile || total > LargestArchive)
                {
                    throw Damaged(archive, "unpacked, it would be larger than any data set");
                }

                // Only the bare name is used: no entry can write outside the folder. Links have no data.
                var name = Path.GetFileName(entry.Name);
                if (entry.DataStream is { } content && wanted.Contains(name))
                {
                    using var copy = File.Create(Path.Combine(folder, name));
                    content.CopyTo(copy);
                }
            }
        }
        catch (Exception error) when (error is InvalidDataException or EndOfStreamException or FormatException)
        {
            throw Damaged(archive, $"it cannot be unpacked ({error.Message})", error);
        }
    }

    private static DataException Damaged(string archive, string reason, Exception? inner = null) =>
        new($"{archive} is damaged or not the expected archive: {reason}", "download it again", inner);
}
