using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;
using Freeze.Report.Statistics;

namespace Freeze.Report;

/// <summary>
/// A run as TensorBoard reads it: a file of framed protocol buffers (tensorflow/core/util/event.proto and
/// framework/summary.proto), each with masked CRC-32C sums of its length and of itself.
/// </summary>
public static class EventFile
{
    /// <summary>What TensorBoard takes for a file of events.</summary>
    public const string Name = "events.out.tfevents.0.freeze";

    private const int Header = 12;
    private const int Footer = 4;

    /// <summary>
    /// Brings a file up to what is recorded of a run, and makes it where it is missing. What it holds stays, but for an
    /// end that a killed process has torn: an epoch that was trained again after a stop gave the same numbers.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="run">The records of the run that the file is of.</param>
    /// <exception cref="IOException">It cannot be written, or another process is writing it.</exception>
    public static void Update(string path, RunRecords run)
    {
        ArgumentNullException.ThrowIfNull(run);
        // No other Freeze may write beside this one; readers that lock nothing, as TensorBoard, are not kept out.
        using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        var content = new byte[file.Length];
        file.ReadExactly(content);
        var (frames, length) = Whole(content);
        file.SetLength(length);
        file.Position = length;

        // In one write: whoever reads along sees few torn records.
        using var added = new MemoryStream();
        foreach (var record in Records(run).Skip(frames))
        {
            Frame(added, record);
        }

        file.Write(added.GetBuffer().AsSpan(0, (int)added.Length));
    }

    /// <summary>How many whole records some bytes begin with, and how long these are.</summary>
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

    /// <summary>A masked CRC-32C, as the format wants it.</summary>
    internal static uint Masked(ReadOnlySpan<byte> bytes)
    {
        var sum = uint.MaxValue;
        foreach (var value in bytes)
        {
            sum = BitOperations.Crc32C(sum, value);
        }

        return unchecked(BitOperations.RotateRight(~sum, 15) + 0xA282EAD8);
    }

    // The version, the plan as text, scalars of every epoch; of a finished run histograms of its weights at start and end.
    // What was written stays what it was when there is more: so the number of records says what a file lacks.
    private static IEnumerable<byte[]> Records(RunRecords run)
    {
        var times = run.Times.DistinctBy(time => time.Epoch).ToDictionary(time => time.Epoch);
        var sizes = run.Sizes.DistinctBy(size => size.Epoch).ToDictionary(size => size.Epoch);
        var first = times.Count > 0 ? Seconds(times.Values.First().Ended) - times.Values.First().Seconds : 0;
        yield return Event(first, 0, event_ => event_.Text(3, "brain.Event:2"));
        yield return Event(first, 0, event_ => event_.Message(5, summary => summary.Message(1, value => Plan(value, run))));
        foreach (var epoch in run.Epochs)
        {
            var time = times.GetValueOrDefault(epoch.Epoch);
            yield return Event(time is null ? first : Seconds(time.Ended), epoch.Epoch, event_ => event_.Message(5, summary =>
            {
                Scalar(summary, "loss/training", epoch.TrainingLoss);
                Scalar(summary, "loss/validation", epoch.ValidationLoss);
                Scalar(summary, "accuracy/training", epoch.TrainingAccuracy);
                Scalar(summary, "accuracy/validation", epoch.ValidationAccuracy);
                if (time is not null)
                {
                    Scalar(summary, "time/seconds per epoch", time.Seconds);
                }

                foreach (var layer in sizes.GetValueOrDefault(epoch.Epoch)?.Layers ?? [])
                {
                    Scalar(summary, $"mean of learned weights/{layer.Layer}", layer.MeanAbsolute);
                    Scalar(summary, $"norm of learned weights/{layer.Layer}", layer.Norm);
                }
            }));
        }

        if (run.Weights.Count > 0)
        {
            var last = times.Count > 0 ? Seconds(times.Values.Last().Ended) : first;
            yield return Histograms(run.Weights, first, 0, layer => layer.Start);
            yield return Histograms(run.Weights, last, run.Epochs.Length, layer => layer.End);
        }
    }

    private static byte[] Histograms(
        IReadOnlyList<LayerStatistics> weights, double time, int step, Func<LayerStatistics, Magnitudes> when) =>
        Event(time, step, event_ => event_.Message(5, summary =>
        {
            foreach (var layer in weights)
            {
                var part = layer.Part switch { WeightPart.Learned => "learned", WeightPart.Fixed => "fixed", _ => "zero" };
                summary.Message(1, value => value.Text(1, $"{layer.Layer}/{part}").Message(5, histogram => Histogram(histogram, when(layer))));
            }
        }));

    private static byte[] Event(double time, long step, Action<ProtocolBuffer> content)
    {
        var event_ = new ProtocolBuffer().Number(1, time).Whole(2, step);
        content(event_);
        return event_.ToArray();
    }

    private static void Scalar(ProtocolBuffer summary, string tag, double value) =>
        summary.Message(1, entry => entry.Text(1, tag).Single(2, (float)value));

    private static void Histogram(ProtocolBuffer histogram, Magnitudes of)
    {
        var width = (of.Most - of.Least) / of.Histogram.Length;
        // The mean follows from the variance about it only up to its sign, so the sum is that of the bins' middles.
        var sum = of.Histogram.Select((count, bin) => count * (of.Least + ((bin + 0.5) * width))).Sum();
        histogram.Number(1, of.Least).Number(2, of.Most).Number(3, of.Count).Number(4, sum).Number(5, of.Norm * of.Norm)
            .Numbers(6, [.. Enumerable.Range(1, of.Histogram.Length).Select(bin => of.Least + (bin * width))])
            .Numbers(7, [.. of.Histogram.Select(count => (double)count)]);
    }

    // A tensor of one string, which the plugin for texts shows as Markdown.
    private static void Plan(ProtocolBuffer value, RunRecords run)
    {
        const int StringType = 7;
        var text = new StringBuilder($"{run.Run.Name} ({run.Hash})\n\n| layer | kind | learned | fixed | zero |\n| --- | --- | ---: | ---: | ---: |\n");
        foreach (var layer in PlanFile.layers(run.Run.Recipe))
        {
            text.Append(CultureInfo.InvariantCulture, $"| {layer.Name} | {layer.Kind} | {layer.Trained:N0} | {layer.Fixed:N0} | {layer.Zero:N0} |\n");
        }

        value.Text(1, "plan/text_summary")
            .Message(9, metadata => metadata.Message(1, plugin => plugin.Text(1, "text")))
            .Message(8, tensor => tensor.Whole(1, StringType).Message(2, shape => shape.Message(2, size => size.Whole(1, 1))).Text(8, text.ToString()));
    }

    private static double Seconds(string iso) =>
        DateTimeOffset.TryParse(iso, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)
            ? moment.ToUnixTimeMilliseconds() / 1000.0
            : 0;

    private static void Frame(MemoryStream file, byte[] content)
    {
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(number, content.Length);
        file.Write(number);
        Sum(file, number);
        file.Write(content);
        Sum(file, content);
    }

    private static void Sum(MemoryStream file, ReadOnlySpan<byte> bytes)
    {
        Span<byte> masked = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(masked, Masked(bytes));
        file.Write(masked);
    }

    private static uint Read(ReadOnlySpan<byte> content, int at) => BinaryPrimitives.ReadUInt32LittleEndian(content[at..]);
}
