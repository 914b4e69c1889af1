using System.Buffers.Binary;
using System.Text;
using Freeze.Report.Statistics;

namespace Freeze.Report.Tests;

/// <summary>Files for TensorBoard; scripts/fixtures/read_tensorboard.py reads them with Google's own library.</summary>
public sealed class EventFileTests : IDisposable
{
    private static readonly RunRecords Run = MadeUp.File("data mnist-sample; net lenet; epochs 4", MadeUp.Finished).Runs[0];

    private readonly string path = Path.Combine(Directory.CreateTempSubdirectory("freeze-test-").FullName, EventFile.Name);

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);

    private static RunRecords After(int epochs) =>
        Run with { Result = null, Epochs = Run.Epochs[..epochs], Times = Run.Times[..epochs] };

    // The records' contents, read without anything of what wrote them.
    private static List<byte[]> Records(byte[] file)
    {
        var (at, found) = (0, new List<byte[]>());
        while (at < file.Length)
        {
            var length = (int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(at));
            Assert.Equal(Masked(file.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8)));
            found.Add(file.AsSpan(at + 12, length).ToArray());
            Assert.Equal(Masked(found[^1]), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 12 + length)));
            at += 16 + length;
        }

        return found;
    }

    // CRC-32C bit by bit, by its polynomial (RFC 3720), masked as the format says.
    private static uint Masked(ReadOnlySpan<byte> bytes)
    {
        var sum = uint.MaxValue;
        foreach (var value in bytes)
        {
            sum ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                sum = (sum >> 1) ^ ((sum & 1) * 0x82F63B78);
            }
        }

        sum = ~sum;
        return unchecked(((sum >> 15) | (sum << 17)) + 0xA282EAD8);
    }

    // The step is field 2, a varint, behind the eight bytes of field 1.
    private static int Step(byte[] record)
    {
        Assert.Equal((byte)((1 << 3) | 1), record[0]);
        Assert.Equal((byte)(2 << 3), record[9]);
        return record[10];
    }

    private static bool Holds(byte[] record, string text) => record.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0;

    // RFC 3720, B.4, and the check value of the catalogue of CRCs.
    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", 0x8A9136AA)]
    [InlineData("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", 0x62A8AB43)]
    [InlineData("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", 0x46DD794E)]
    [InlineData("313233343536373839", 0xE3069283)]
    public void SumsAreThoseThatArePublished(string bytes, uint sum)
    {
        var masked = unchecked(((sum >> 15) | (sum << 17)) + 0xA282EAD8);
        Assert.Equal(masked, EventFile.Masked(Convert.FromHexString(bytes)));
        Assert.Equal(masked, Masked(Convert.FromHexString(bytes)));
    }

    [Fact]
    public void ARecordOfEachEpochFollowsThoseOfVersionAndPlan()
    {
        EventFile.Update(path, Run);
        var records = Records(File.ReadAllBytes(path));
        Assert.Equal([0, 0, 1, 2, 3, 4], records.Select(Step));
        Assert.True(Holds(records[0], "brain.Event:2"));
        Assert.True(Holds(records[1], "| conv2 |"));
        Assert.True(Holds(records[2], "loss/test"));
    }

    [Fact]
    public void EachUpdateAppendsWhatIsNewAndNothingTwice()
    {
        for (var epochs = 1; epochs <= 4; epochs++)
        {
            var before = File.Exists(path) ? File.ReadAllBytes(path) : [];
            EventFile.Update(path, After(epochs));
            EventFile.Update(path, After(epochs));
            Assert.Equal(before, File.ReadAllBytes(path)[..before.Length]);
            Assert.Equal(2 + epochs, Records(File.ReadAllBytes(path)).Count);
        }

        // A run that goes on from a checkpoint records epochs again that were told before.
        EventFile.Update(path, After(2));
        EventFile.Update(path, After(3));
        Assert.Equal([0, 0, 1, 2, 3, 4], Records(File.ReadAllBytes(path)).Select(Step));
    }

    [Fact]
    public void AnEndThatWasTornIsWrittenAgain()
    {
        EventFile.Update(path, After(3));
        var whole = File.ReadAllBytes(path);
        foreach (var end in new[] { whole.Length - 1, whole.Length - 30, 5, 0 })
        {
            File.WriteAllBytes(path, whole[..end]);
            EventFile.Update(path, After(3));
            Assert.Equal(whole, File.ReadAllBytes(path));
        }

        // Where the disk has lost what was promised, zeros may stand in its place.
        File.WriteAllBytes(path, [.. whole[..^20], .. new byte[20]]);
        EventFile.Update(path, After(3));
        Assert.Equal(whole, File.ReadAllBytes(path));
    }

    [Fact]
    public void SizesOfWeightsAreScalarsOfTheirEpoch()
    {
        EventFile.Update(path, After(1) with { Sizes = [new WeightRecord(1, [new LayerSize("conv1", 0.5, 0.25, 2)])] });
        Assert.True(Holds(Records(File.ReadAllBytes(path))[2], "mean |w|/conv1"));
    }

    [Fact]
    public void ARunHasItsHyperparametersAndTheSessionEndsWithIt()
    {
        EventFile.Update(path, After(1));
        var start = Records(File.ReadAllBytes(path))[1];
        Assert.All(["hparams", "_hparams_/session_start_info", "mnist-sample", "lenet", "batch", "epochs", "seed"], word => Assert.True(Holds(start, word), word));

        var values = Magnitudes.Of([-1, 0, 2]);
        EventFile.Update(path, Run with { Weights = [new("conv1", "conv", WeightPart.Learned, values, values)] });
        Assert.True(Holds(Records(File.ReadAllBytes(path))[^1], "_hparams_/session_end_info"));
    }

    [Fact]
    public void AFileSaysWhoseItIs()
    {
        EventFile.Update(path, After(1));
        Assert.True(EventFile.IsOf(path, Run.Hash));
        Assert.False(EventFile.IsOf(path, "0123456789abcdef"));
        // An end that was torn before the plan is nobody's.
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..60]);
        Assert.True(EventFile.IsOf(path, "0123456789abcdef"));
    }
}
