namespace Freeze.Runtime.Data;

/// <summary>
/// The binary layout of CIFAR-10 and CIFAR-100: records of label bytes and 3,072 pixels (red, green and blue planes of
/// 32 rows). CIFAR-10 has one label; CIFAR-100 has a coarse one and behind it the fine one, which is read.
/// </summary>
internal static class CifarFile
{
    /// <summary>Records in one file.</summary>
    public const int Records = 10_000;

    /// <summary>Bytes of one image.</summary>
    public const int ImageBytes = 3 * 32 * 32;

    /// <summary>The size of each file.</summary>
    public const int FileBytes = Records * (1 + ImageBytes);

    /// <summary>Reads files of 10,000 records each into one part.</summary>
    /// <exception cref="DataException">A file has another size, or a label above 9.</exception>
    public static RawImages Read(IReadOnlyList<string> paths)
    {
        var pixels = new byte[paths.Count * Records * ImageBytes];
        var labels = new byte[paths.Count * Records];
        for (var i = 0; i < paths.Count; i++)
        {
            Read(paths[i], pixels.AsSpan(i * Records * ImageBytes), labels.AsSpan(i * Records, Records));
        }

        return new RawImages(pixels, labels);
    }

    private static void Read(string path, Span<byte> pixels, Span<byte> labels)
    {
        using var file = File.OpenRead(path);
        if (file.Length != FileBytes)
        {
            throw Damaged(path, $"{FileBytes} bytes expected, {file.Length} found");
        }

        var content = new byte[FileBytes];
        file.ReadExactly(content);
        for (var i = 0; i < Records; i++)
        {
            var record = content.AsSpan(i * (1 + ImageBytes), 1 + ImageBytes);
            if (record[0] > 9)
            {
                throw Damaged(path, $"record {i} has label {record[0]}, and there are 10 classes");
            }

            labels[i] = record[0];
            record[1..].CopyTo(pixels[(i * ImageBytes)..]);
        }
    }

    private static DataException Damaged(string path, string reason) =>
        new($"{path} is damaged or another file: {reason}", "unpack it again from cifar-10-binary.tar.gz");
}
