namespace Freeze.Runtime.Data;

/// <summary>Which of CIFAR's labels to read.</summary>
/// <param name="Bytes">The number of an image's labels in the binary layout, one byte each.</param>
/// <param name="Place">The index of the label to read, from 0.</param>
/// <param name="Key">The name of its list in the python layout.</param>
/// <param name="Classes">The number of classes.</param>
internal sealed record CifarLabels(int Bytes, int Place, string Key, int Classes)
{
    /// <summary>CIFAR-10's only labels.</summary>
    public static readonly CifarLabels Ten = new(1, 0, "labels", 10);

    /// <summary>CIFAR-100's classes.</summary>
    public static readonly CifarLabels Fine = new(2, 1, "fine_labels", 100);

    /// <summary>CIFAR-100's superclasses of five classes each.</summary>
    public static readonly CifarLabels Coarse = new(2, 0, "coarse_labels", 20);
}

/// <summary>The layout of a file of CIFAR-10 or CIFAR-100.</summary>
/// <param name="Records">Images in the file.</param>
/// <param name="Labels">Which labels to read.</param>
internal sealed record CifarFormat(int Records, CifarLabels Labels)
{
    /// <summary>A file of CIFAR-10.</summary>
    public static readonly CifarFormat Ten = new(10_000, CifarLabels.Ten);

    /// <summary>Bytes of a record in the binary layout.</summary>
    public int RecordBytes => Labels.Bytes + CifarFile.ImageBytes;

    /// <summary>The size of a binary file.</summary>
    public long FileBytes => (long)Records * RecordBytes;
}

/// <summary>
/// The binary layout of CIFAR-10 and CIFAR-100: records of label bytes and 3,072 pixels (32 x 32 planes of red, green, blue).
/// </summary>
internal static class CifarFile
{
    /// <summary>Bytes of one image.</summary>
    public const int ImageBytes = 3 * 32 * 32;

    /// <summary>Reads files of one format and concatenates them.</summary>
    /// <exception cref="DataException">A file has the wrong size, or a label outside the classes.</exception>
    public static RawImages Read(IReadOnlyList<string> paths, CifarFormat format)
    {
        var count = format.Records;
        var pixels = new byte[paths.Count * count * ImageBytes];
        var labels = new byte[paths.Count * count];
        for (var i = 0; i < paths.Count; i++)
        {
            Read(paths[i], format, pixels.AsSpan(i * count * ImageBytes), labels.AsSpan(i * count, count));
        }

        return new RawImages(pixels, labels);
    }

    private static void Read(string path, CifarFormat format, Span<byte> pixels, Span<byte> labels)
    {
        using var file = File.OpenRead(path);
        if (file.Length != format.FileBytes)
        {
            throw CifarLayout.Damaged(path, $"{format.FileBytes} bytes expected, {file.Length} found");
        }

        var content = new byte[format.FileBytes];
        file.ReadExactly(content);
        for (var i = 0; i < format.Records; i++)
        {
            var record = content.AsSpan(i * format.RecordBytes, format.RecordBytes);
            var label = record[format.Labels.Place];
            if (label >= format.Labels.Classes)
            {
                throw CifarLayout.Damaged(path, $"record {i} has label {label}, but there are {format.Labels.Classes} classes");
            }

            labels[i] = label;
            record[format.Labels.Bytes..].CopyTo(pixels[(i * ImageBytes)..]);
        }
    }
}
