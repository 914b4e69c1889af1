namespace Freeze.Runtime.Data;

/// <summary>
/// The python layout of CIFAR-10 and CIFAR-100: a pickled dictionary with an array `data` [images, 3072], whose pixels have the
/// order of the binary layout, and one list for each kind of label.
/// </summary>
internal static class CifarPickle
{
    /// <summary>Reads and concatenates files of one format; pixels, labels and order match the binary layout.</summary>
    /// <exception cref="DataException">A file is not such a pickle, or a count or a label is wrong.</exception>
    public static RawImages Read(IReadOnlyList<string> paths, CifarFormat format)
    {
        var count = format.Records;
        var pixels = new byte[paths.Count * count * CifarFile.ImageBytes];
        var labels = new byte[paths.Count * count];
        for (var i = 0; i < paths.Count; i++)
        {
            var batch = Pickle.Read(paths[i]) as Dictionary<string, object?>
                ?? throw CifarLayout.Damaged(paths[i], "it holds no dictionary");
            var start = i * count;
            ReadPixels(paths[i], batch, count, pixels.AsSpan(start * CifarFile.ImageBytes, count * CifarFile.ImageBytes));
            ReadLabels(paths[i], batch, format.Labels, labels.AsSpan(start, count));
        }

        return new RawImages(pixels, labels);
    }

    private static void ReadPixels(string path, Dictionary<string, object?> batch, int count, Span<byte> pixels)
    {
        if (batch.GetValueOrDefault("data") is not PickledArray { Shape: [var rows, CifarFile.ImageBytes] } data)
        {
            throw CifarLayout.Damaged(path, $"it has no array `data` of images of {CifarFile.ImageBytes} bytes");
        }

        if (rows != count)
        {
            throw CifarLayout.Damaged(path, $"{count} images expected, {rows} found");
        }

        var content = data.Content.Span;
        if (!data.FirstIndexFastest)
        {
            content.CopyTo(pixels);
            return;
        }

        for (var i = 0; i < pixels.Length; i++)
        {
            pixels[i] = content[(i % CifarFile.ImageBytes * count) + (i / CifarFile.ImageBytes)];
        }
    }

    private static void ReadLabels(string path, Dictionary<string, object?> batch, CifarLabels kind, Span<byte> labels)
    {
        if (batch.GetValueOrDefault(kind.Key) is not List<object?> list || list.Count != labels.Length)
        {
            throw CifarLayout.Damaged(path, $"it has no list `{kind.Key}` of {labels.Length} labels");
        }

        for (var i = 0; i < labels.Length; i++)
        {
            labels[i] = list[i] is long label && label >= 0 && label < kind.Classes
                ? (byte)label
                : throw CifarLayout.Damaged(path, $"image {i} has no label below {kind.Classes} in `{kind.Key}`");
        }
    }
}
