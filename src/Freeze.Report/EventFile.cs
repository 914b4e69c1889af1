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

    /// <summary>Scalars of every epoch, histograms of the weights at start and end, and the plan as text.</summary>
    public static byte[] Of(RunRecords run)
    {
        ArgumentNullException.ThrowIfNull(run);
        using var file = new MemoryStream();
        var times = run.Times.DistinctBy(time => time.Epoch).ToDictionary(time => time.Epoch);
        var first = times.Count > 0 ? Seconds(times.Values.First().Ended) - times.Values.First().Seconds : 0;
        Frame(file, Event(first, 0, event_ => event_.Text(3, "brain.Event:2")));
        Frame(file, Event(first, 0, event_ => event_.Message(5, summary => summary.Message(1, value => Plan(value, run)))));
        foreach (var epoch in run.Epochs)
        {
            var time = times.GetValueOrDefault(epoch.Epoch);
            Frame(file, Event(time is null ? first : Seconds(time.Ended), epoch.Epoch, event_ => event_.Message(5, summary =>
            {
                Scalar(summary, "loss/training", epoch.TrainingLoss);
                Scalar(summary, "loss/validation", epoch.ValidationLoss);
                Scalar(summary, "accuracy/training", epoch.TrainingAccuracy);
                Scalar(summary, "accuracy/validation", epoch.ValidationAccuracy);
                if (time is not null)
                {
                    Scalar(summary, "time/seconds per epoch", time.Seconds);
                }
            })));
        }

        var last = times.Count > 0 ? Seconds(times.Values.Last().Ended) : first;
        AddWeights(file, run.Weights, first, 0, layer => layer.Start);
        AddWeights(file, run.Weights, last, run.Epochs.Length, layer => layer.End);
        return file.ToArray();
    }

    private static void AddWeights(
        MemoryStream file, IReadOnlyList<LayerStatistics> weights, double time, int step, Func<LayerStatistics, Magnitudes> when)
    {
        if (weights.Count > 0)
        {
            Frame(file, Event(time, step, event_ => event_.Message(5, summary =>
            {
                foreach (var layer in weights)
                {
                    var part = layer.Part switch { WeightPart.Learned => "learned", WeightPart.Fixed => "fixed", _ => "zero" };
                    summary.Message(1, value => value.Text(1, $"{layer.Layer}/{part}").Message(5, histogram => Histogram(histogram, when(layer))));
                }
            })));
        }
    }

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
        var sum = uint.MaxValue;
        foreach (var value in bytes)
        {
            sum = BitOperations.Crc32C(sum, value);
        }

        Span<byte> masked = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(masked, unchecked(BitOperations.RotateRight(~sum, 15) + 0xA282EAD8));
        file.Write(masked);
    }
}
