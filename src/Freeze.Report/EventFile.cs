using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Freeze.Report.Statistics;
using Freeze.Report.Tables;
using Google.Protobuf;
using static Freeze.Report.ProtocolBuffer;

namespace Freeze.Report;

/// <summary>
/// A run in TensorBoard's format: a file of framed protocol buffers (tensorflow/core/util/event.proto and
/// framework/summary.proto), each with masked CRC-32C sums of its length and of its content.
/// </summary>
public static class EventFile
{
    /// <summary>A name that TensorBoard recognises as an event file.</summary>
    public const string Name = "events.out.tfevents.0.freeze";

    private const int LongestPlan = 1 << 20;
    private const int Header = 12;
    private const int Footer = 4;

    /// <summary>
    /// Appends missing records of a run to a file, which is created if necessary. The file's content stays, except for an end
    /// that a killed process has torn: epochs that were trained again gave the same numbers.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="run">The records of the file's run.</param>
    /// <exception cref="IOException">It cannot be written, or another process is writing it.</exception>
    public static void Update(string path, RunRecords run)
    {
        ArgumentNullException.ThrowIfNull(run);
        // Excludes other Freeze processes; readers without locks, such as TensorBoard, are not affected.
        using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        var content = new byte[file.Length];
        file.ReadExactly(content);
        var (frames, length) = Whole(content);
        file.SetLength(length);
        file.Position = length;

        // In one write, so that concurrent readers see few torn records.
        using var added = new MemoryStream();
        using var writer = new BinaryWriter(added);
        foreach (var record in Records(run).Skip(frames))
        {
            Frame(writer, record.Span);
        }

        file.Write(added.GetBuffer().AsSpan(0, (int)added.Length));
    }

    /// <summary>Whether a file belongs to the run with an address, or is too short to belong to another.</summary>
    /// <param name="path">An event file.</param>
    /// <param name="hash">The address.</param>
    public static bool IsOf(string path, string hash)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var content = new byte[Math.Min(file.Length, LongestPlan)];
        file.ReadExactly(content);
        // The second record names it.
        return Whole(content).Count < 2 || content.AsSpan().IndexOf(Encoding.UTF8.GetBytes($"({hash})")) >= 0;
    }

    /// <summary>The number and the total length of the complete records at the beginning.</summary>
    internal static (int Count, int Length) Whole(ReadOnlySpan<byte> content)
    {
        var (count, at) = (0, 0);
        while (content.Length - at >= Header)
        {
            var length = BinaryPrimitives.ReadInt64LittleEndian(content[at..]);
            if (length < 0 || length > content.Length - at - Header - Footer
                || Read(content, at + 8) != Masked(content.Slice(at, 8))
                || Read(content, at + Header + (int)length) != Masked(content.Slice(at + Header, (int)length)))
            {
                break;
            }

            count++;
            at += Header + (int)length + Footer;
        }

        return (count, at);
    }

    /// <summary>A masked CRC-32C, as the format requires.</summary>
    internal static uint Masked(ReadOnlySpan<byte> bytes)
    {
        var sum = uint.MaxValue;
        foreach (var value in bytes)
        {
            sum = BitOperations.Crc32C(sum, value);
        }

        return unchecked(BitOperations.RotateRight(~sum, 15) + 0xA282EAD8);
    }

    // The version, the plan as text, the hyperparameters, scalars of every epoch; for a finished run also histograms of its
    // weights at start and end. Records never change once written, so their number tells what a file lacks.
    private static IEnumerable<ByteString> Records(RunRecords run)
    {
        var times = run.Times.DistinctBy(time => time.Epoch).ToDictionary(time => time.Epoch);
        var sizes = run.Sizes.DistinctBy(size => size.Epoch).ToDictionary(size => size.Epoch);
        var first = times.Count > 0 ? Seconds(times.Values.First().Ended) - times.Values.First().Seconds : 0;
        yield return Message((1, first), (2, 0L), (3, "brain.Event:2"));
        yield return Summary(first, 0, [Plan(run), HyperParameters.Start(run, first)]);
        var heldOut = run.Run.Recipe.Validation.IsTest ? "test" : "validation";
        foreach (var epoch in run.Epochs)
        {
            var time = times.GetValueOrDefault(epoch.Epoch);
            yield return Summary(
                time is null ? first : Seconds(time.Ended), epoch.Epoch, Scalars(heldOut, epoch, time, sizes.GetValueOrDefault(epoch.Epoch)));
        }

        if (run.Weights.Count > 0)
        {
            var last = times.Count > 0 ? Seconds(times.Values.Last().Ended) : first;
            yield return Summary(first, 0, run.Weights.Select(layer => Histogram(layer, layer.Start)));
            yield return Summary(last, run.Epochs.Length, run.Weights.Select(layer => Histogram(layer, layer.End)).Append(HyperParameters.End(last)));
        }
    }

    private static ByteString Summary(double time, long step, IEnumerable<ByteString> values) =>
        Message((1, time), (2, step), (5, Message([.. values.Select(value => (1, (object)value))])));

    private static IEnumerable<ByteString> Scalars(string heldOut, EpochRecord epoch, EpochTime? time, WeightRecord? sizes)
    {
        static ByteString Scalar(string tag, double value) => Message((1, tag), (2, (float)value));
        return
        [
            Scalar("loss/training", epoch.TrainingLoss),
            Scalar($"loss/{heldOut}", epoch.ValidationLoss),
            Scalar("accuracy/training", epoch.TrainingAccuracy),
            Scalar($"accuracy/{heldOut}", epoch.ValidationAccuracy),
            .. time is null ? Array.Empty<ByteString>() : [Scalar("time/seconds per epoch", time.Seconds)],
            .. (sizes?.Layers ?? []).SelectMany(layer => new[]
            {
                Scalar($"mean |w|/{layer.Layer}", layer.MeanAbsolute),
                Scalar($"norm/{layer.Layer}", layer.Norm),
            }),
        ];
    }

    private static ByteString Histogram(LayerStatistics layer, Magnitudes of)
    {
        var width = (of.Most - of.Least) / of.Histogram.Length;
        // The variance about the mean gives the mean only up to its sign, so this sums the bins' centres.
        var sum = of.Histogram.Select((count, bin) => count * (of.Least + ((bin + 0.5) * width))).Sum();
        var ends = Enumerable.Range(1, of.Histogram.Length).Select(bin => of.Least + (bin * width)).ToArray();
        var counts = Array.ConvertAll(of.Histogram, count => (double)count);
        return Message(
            (1, $"{layer.Layer}/{layer.Part.Word()}"),
            (5, Message((1, of.Least), (2, of.Most), (3, (double)of.Count), (4, sum), (5, of.Norm * of.Norm), (6, ends), (7, counts))));
    }

    // A tensor of one string, which the text plugin shows as Markdown.
    private static ByteString Plan(RunRecords run)
    {
        const long StringType = 7;
        var text = $"{run.Run.Name} ({run.Hash})\n\n{RunTables.Layers(run.Run.Recipe).ToMarkdown()}";
        return Message(
            (1, "plan/text_summary"),
            (9, Message((1, Message((1, "text"))))),
            (8, Message((1, StringType), (2, Message((2, Message((1, 1L))))), (8, text))));
    }

    private static double Seconds(string iso) => ReportFile.Milliseconds(iso) is var moment && double.IsFinite(moment) ? moment / 1000 : 0;

    private static void Frame(BinaryWriter file, ReadOnlySpan<byte> content)
    {
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, content.Length);
        file.Write(length);
        file.Write(Masked(length));
        file.Write(content);
        file.Write(Masked(content));
    }

    private static uint Read(ReadOnlySpan<byte> content, int at) => BinaryPrimitives.ReadUInt32LittleEndian(content[at..]);
}
