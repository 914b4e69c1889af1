using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Bench;

/// <summary>What the machine manages in a second, by libtorch.</summary>
internal static class Limits
{
    /// <summary>
    /// Multiply-adds of a convolution of 256 channels, which libtorch computes as it stands: an algorithm with fewer multiplications
    /// would make the machine look faster than it is.
    /// </summary>
    public static double MultiplyAdds()
    {
        const long images = 64, channels = 256, side = 16, kernel = 3;
        using var none = no_grad();
        // Channels-last, which is faster.
        using var x = randn(images, side, side, channels).permute(0, 3, 1, 2);
        using var weights = randn(channels, kernel, kernel, channels).permute(0, 3, 1, 2);
        return images * channels * channels * side * side * kernel * kernel /
            Least(30, () => nn.functional.conv2d(x, weights, null, [1, 1], [1, 1]).Dispose());
    }

    /// <summary>Bytes that a copy of 256 MB reads and writes.</summary>
    public static double Bytes()
    {
        const long numbers = 64 << 20;
        using var x = randn(numbers);
        using var y = empty(numbers);
        return 2 * sizeof(float) * numbers / Least(8, () => y.copy_(x));
    }

    private static double Least(int times, Action work) => Enumerable.Range(0, times).Min(_ =>
    {
        var started = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    });
}
