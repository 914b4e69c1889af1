using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text.Json;
using Freeze.Runtime.Data;

namespace Freeze.Runtime.Tests.Training;

/// <summary>What scripts/fixtures/agreement.py keeps of PyTorch's runs, and the images that they learn from.</summary>
internal static class PolicyFixture
{
    private const int Count = 120;

    private static readonly ConcurrentDictionary<(int, int, int), (byte[] Pixels, byte[] Labels)> drawn = new();

    /// <summary>The runs of each case, which differ in their seeds alone.</summary>
    public static IReadOnlyDictionary<string, PolicyRun[]> Cases { get; } = Read();

    /// <summary>
    /// 120 images, half the 4x4 areas of their class and half noise. Runs use the first 80 at most; the others are dark,
    /// so that the mean of what is learnt from is not 0.
    /// </summary>
    public static ImageSet Images(int[] shape)
    {
        var (pixels, labels) = drawn.GetOrAdd((shape[0], shape[1], shape[2]), _ => Draw(shape));
        var set = new DataSet("areas", shape, 10, Count, 1, "", "random");
        return new ImageSet(set, new RawImages(pixels, labels), new RawImages(pixels[..(pixels.Length / Count)], labels[..1]));
    }

    private static (byte[] Pixels, byte[] Labels) Draw(int[] shape)
    {
        var (height, width) = (shape[1], shape[2]);
        var size = shape[0] * height * width;
        var labels = Enumerable.Range(0, Count).Select(i => (byte)(i * 3 % 10)).ToArray();
        var areas = RandomStream.Key(0, "areas");
        var noise = RandomStream.Key(0, "noise");
        var pixels = new byte[Count * size];
        for (var i = 0; i < pixels.Length; i++)
        {
            var (channel, row, column) = (i % size / (height * width), i / width % height, i % width);
            var area = (((((labels[i / size] * shape[0]) + channel) * 4) + (row * 4 / height)) * 4) + (column * 4 / width);
            var value = (Level(areas, area) + Level(noise, i)) / 2;
            pixels[i] = (byte)(i / size < 80 ? value : value / 4);
        }

        return (pixels, labels);
    }

    private static Dictionary<string, PolicyRun[]> Read()
    {
        using var file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "fixtures", "agreement.json.gz"));
        using var text = new GZipStream(file, CompressionMode.Decompress);
        using var document = JsonDocument.Parse(text);
        return document.RootElement.GetProperty("cases").EnumerateObject().ToDictionary(
            entry => entry.Name,
            entry => entry.Value.EnumerateArray().Select(run => new PolicyRun(
                run.GetProperty("seed").GetInt64(),
                run.GetProperty("loss").GetDouble(),
                run.GetProperty("tensors").EnumerateObject().ToDictionary(tensor => tensor.Name, KeptTensor.Read))).ToArray());
    }

    private static int Level(ulong key, long index) => (int)(256 * RandomStream.Unit(key, index));
}
