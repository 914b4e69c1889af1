using TorchSharp;
using Xunit;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Torch.Tests;

/// <summary>Values worked out by hand, or from the definition.</summary>
public sealed class OperationTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void ArithmeticIsEntryByEntry()
    {
        var a = tensor([1f, 2, 3, 4], [2, 2]);
        var b = tensor([10f, 20, 30, 40], [2, 2]);
        Assert.Equal([11f, 22, 33, 44], Values(a.add(b)));
        Assert.Equal([9f, 18, 27, 36], Values(b.sub(a)));
        Assert.Equal([10f, 40, 90, 160], Values(a.mul(b)));
        Assert.Equal([10f, 10, 10, 10], Values(b.div(a)));
        Assert.Equal([3f, 4, 5, 6], Values(a.add(2)));
        Assert.Equal([-1f, 0, 1, 2], Values(a.sub(2)));
        Assert.Equal([0.5f, 1, 1.5f, 2], Values(a.div(2)));
        Assert.Equal([6f, 12, 18, 24], Values(a.clone().add_(b, 0.5)));
        Assert.Equal([1f, 2, 3, 4], Values(a));
    }

    [Fact]
    public void RootsProductsAndQuotientsInPlace()
    {
        var a = tensor([1f, 4, 9, 16], [4]);
        Assert.Equal([1f, 2, 3, 4], Values(a.sqrt()));
        Assert.Equal([1f, 2, 3, 4], Values(a.clone().sqrt_()));
        var b = tensor([1f, 2, 3, 4], [4]);
        Assert.Equal([1.5f, 8, 22.5f, 48], Values(a.clone().addcmul_(b, a, 0.5)));
        Assert.Equal([1.5f, 5, 10.5f, 18], Values(a.clone().addcdiv_(a, b, 0.5)));
    }

    [Fact]
    public void MatricesAreMultipliedTransposedAndSolved()
    {
        var a = tensor([2d, 1, 1, 3], [2, 2]);
        var b = tensor([1d, 2, 3, 4], [2, 2]);
        Assert.Equal([5d, 8, 10, 14], a.mm(b).data<double>().ToArray());
        Assert.Equal([1d, 3, 2, 4], b.t().contiguous().data<double>().ToArray());
        var x = linalg.solve(a, a.mm(b)).data<double>().ToArray();
        Assert.All(x.Zip([1d, 2, 3, 4]), pair => Assert.Equal(pair.Second, pair.First, 12));
        Assert.Equal([1d, 0, 0, 1], eye(2, dtype: ScalarType.Float64).data<double>().ToArray());
        Assert.Equal([2d, 1, 4, 3], b.flip(1).data<double>().ToArray());
    }

    [Fact]
    public void SmoothedLabelsSpreadOverAllClasses()
    {
        var logits = tensor([1f, 2, 4], [1, 3]);
        var labels = tensor([2L], [1]);
        var sum = Math.Log(Math.Exp(1) + Math.Exp(2) + Math.Exp(4));
        var expected = ((1 - 0.3) * (sum - 4)) + (0.3 * (sum - ((1 + 2 + 4) / 3.0)));
        Assert.Equal(expected, F.cross_entropy(logits, labels, label_smoothing: 0.3).item<float>(), 5);
    }

    [Fact]
    public void ReductionsAreThoseOfTheDefinition()
    {
        var a = tensor([1f, 5, 3, 4, 2, 4], [2, 3]);
        Assert.Equal(19, a.sum().item<double>());
        Assert.Equal([3f, 10f / 3], Values(a.mean([1])));
        Assert.Equal([1L, 0], a.argmax(1).data<long>().ToArray());
        Assert.Equal(2, a.eq(tensor([1f, 5, 0, 0, 0, 0], [2, 3])).sum().item<long>());
    }

    [Fact]
    public void ViewsAndCopiesTakeTheRightEntries()
    {
        var a = tensor([0f, 1, 2, 3, 4, 5], [3, 2]);
        Assert.Equal([2f, 3], Values(a.narrow(0, 1, 1)));
        Assert.Equal([4f, 5, 0, 1], Values(a.index_select(0, tensor([2L, 0], [2]))));
        Assert.Equal([0f, 9, 2, 9, 4, 9], Values(a.index_copy(1, tensor([1L], [1]), tensor([9f, 9, 9], [3, 1]))));
        Assert.Equal([0f, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5], Values(cat([a, a])));
        Assert.Equal([2L, 3], a.reshape(2, 3).shape);
        Assert.Equal([6L], a.flatten().shape);
        Assert.Equal(ScalarType.Int64, a.to(int64).dtype);
        Assert.Equal("Float32[3, 2]", a.ToString());
    }

    [Fact]
    public void AnAccessorOfAnotherTypeIsRefused() =>
        Assert.Throws<ArgumentException>(() => zeros([1]).data<long>());

    [Fact]
    public void AConvolutionIsACrossCorrelation()
    {
        // 3x3 image, 2x2 kernel: top left 1*1 + 2*2 + 4*3 + 5*4 = 37.
        var image = tensor([1f, 2, 3, 4, 5, 6, 7, 8, 9], [1, 1, 3, 3]);
        var kernel = tensor([1f, 2, 3, 4], [1, 1, 2, 2]);
        var bias = tensor([0.5f], [1]);
        Assert.Equal([37.5f, 47.5f, 67.5f, 77.5f], Values(F.conv2d(image, kernel, bias)));
        var padded = F.conv2d(image, kernel, strides: [2, 2], padding: [1, 1]);
        Assert.Equal([1L, 1, 2, 2], padded.shape);
        Assert.Equal([4f, 18, 36, 77], Values(padded));
    }

    [Fact]
    public void LinearPoolingAndReluFollowTheirDefinitions()
    {
        Assert.Equal([12f, 16], Values(F.linear(tensor([1f, 2], [1, 2]), tensor([2f, 5, 3, 6], [2, 2]), tensor([0f, 1], [2]))));
        var image = tensor([1f, -2, 3, 4, 5, 6, 7, 8, -9], [1, 1, 3, 3]);
        Assert.Equal([5f, 6, 8, 8], Values(F.max_pool2d(image, 2, 1)));
        Assert.Equal([2f], Values(F.avg_pool2d(image, 2)));
        Assert.Equal([1f, 0, 3, 4, 5, 6, 7, 8, 0], Values(F.relu(image)));
    }

    [Fact]
    public void BatchNormMovesItsRunningStatisticsByItsMomentum()
    {
        var input = tensor([1f, 3, 5, 7], [4, 1]);
        var mean = zeros([1]);
        var variance = ones([1]);
        var normalised = F.batch_norm(input, mean, variance, ones([1]), zeros([1]), training: true, 0.1, 0);
        // Mean 4, variance 5 (divided by n); the running one takes the unbiased 20/3.
        Assert.Equal(-3 / Math.Sqrt(5), Values(normalised)[0], 6);
        Assert.Equal(0.4f, Values(mean)[0], 6);
        Assert.Equal(0.9f + (0.1f * 20 / 3), Values(variance)[0], 6);
        var kept = Values(mean)[0];
        F.batch_norm(input, mean, variance, training: false);
        Assert.Equal(kept, Values(mean)[0]);
    }

    [Fact]
    public void CrossEntropyIsMinusTheLogOfTheRightShare()
    {
        var logits = tensor([1f, 2, 3, 1, 1, 1], [2, 3]);
        var loss = F.cross_entropy(logits, tensor([2L, 0], [2])).item<double>();
        var first = Math.Log(Math.Exp(-2) + Math.Exp(-1) + 1);
        Assert.Equal((first + Math.Log(3)) / 2, loss, 6);
    }

    [Fact]
    public void DropoutFollowsTheSeedAndScalesWhatItKeeps()
    {
        var input = ones([1000]);
        float[] Drop(long seed)
        {
            manual_seed(seed);
            return Values(F.dropout(input, 0.25, training: true));
        }

        Assert.Equal(Drop(5), Drop(5));
        Assert.NotEqual(Drop(5), Drop(6));
        Assert.All(Drop(5), value => Assert.True(value is 0 or 4 / 3f));
        Assert.InRange(Drop(5).Count(value => value == 0), 180, 320);
        Assert.Equal(Values(input), Values(F.dropout(input, 0.25, training: false)));
    }

    public static TheoryData<long[], ScalarType, bool> Dropped => new()
    {
        { [3], float32, false },
        { [7, 1025], float32, false },
        { [9, 5, 12, 12], float32, true },
        { [128, 16, 32, 32], float32, true },
        { [9, 5, 12, 12], float64, true },
        { [9, 5, 12, 12], ScalarType.BFloat16, true },
    };

    // What is kept is scaled, exactly as many times as often as that is due, and its gradient with it; places in memory decide, so
    // the order of channels matters and the number of threads does not.
    [Theory]
    [MemberData(nameof(Dropped))]
    public void DropoutDropsTheSameInValuesAndGradients(long[] shape, ScalarType type, bool channelsLast)
    {
        using var scope = NewDisposeScope();
        Tensor Ones() => channelsLast ? ones(shape).permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) : ones(shape);
        (float[] Values, float[] Gradient) Drop(int threads)
        {
            set_num_threads(threads);
            manual_seed(3);
            var input = Ones().to(type).requires_grad_();
            var output = F.dropout(input, 0.3, training: true);
            // A gradient in another order than the values.
            output.mul(ones(shape).to(type)).sum().backward();
            return (Values(output.to(float32)), Values(input.grad!.to(float32)));
        }

        var (values, gradient) = Drop(1);
        Assert.Equal(values, Drop(2).Values);
        Assert.Equal(values, gradient);
        var scale = type == ScalarType.BFloat16 ? 1.4297f : (float)(1 / 0.7);
        Assert.All(values, value => Assert.True(value == 0 || Math.Abs(value - scale) < 1e-4));

        // Five standard deviations of a binomial share.
        var bound = 5 * Math.Sqrt(0.3 * 0.7 / values.Length);
        Assert.InRange(values.Count(value => value == 0) / (double)values.Length, 0.3 - bound, 0.3 + bound);
    }

    // Neighbours, and values half a block apart, which share one random number, are dropped independently of each other.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(512)]
    [InlineData(1024)]
    public void DropoutDropsEachValueByItself(int distance)
    {
        using var scope = NewDisposeScope();
        manual_seed(4);
        var values = Values(F.dropout(ones([1 << 20]), 0.5, training: true));
        var pairs = values.Length - distance;
        var both = Enumerable.Range(0, pairs).Count(i => values[i] == 0 && values[i + distance] == 0);
        var bound = 5 * Math.Sqrt(0.25 * 0.75 / pairs);
        Assert.InRange(both / (double)pairs, 0.25 - bound, 0.25 + bound);
    }

    [Fact]
    public void ThreadsCanBeSet()
    {
        var before = get_num_threads();
        set_num_threads(1);
        Assert.Equal(1, get_num_threads());
        set_num_threads(before);
    }

    private static float[] Values(Tensor tensor) => tensor.data<float>().ToArray();
}
