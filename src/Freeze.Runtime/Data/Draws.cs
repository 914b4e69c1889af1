namespace Freeze.Runtime.Data;

/// <summary>The random numbers of one image: a function of a stream's key and the image's index alone.</summary>
internal ref struct Draws(ulong key, long place)
{
    // Far more than any image draws.
    private const int Each = 256;
    private long next = place * Each;

    /// <summary>A number in [0, 1), of 53 random bits.</summary>
    public double Next() => (RandomStream.Bits(key, next++) >> 11) * (1.0 / (1L << 53));

    /// <summary>A number in [least, most).</summary>
    public double Between(double least, double most) => least + ((most - least) * Next());

    /// <summary>One of 0 to count - 1.</summary>
    public int Below(int count) => (int)(Next() * count);

    /// <summary>
    /// A number from Beta(alpha, alpha): a / (a + b) for two numbers from Gamma(alpha), by their logarithms, because for a small
    /// alpha both may underflow.
    /// </summary>
    public double Beta(double alpha)
    {
        var (a, b) = (LogGamma(alpha), LogGamma(alpha));
        return 1 / (1 + Math.Exp(b - a));
    }

    // The logarithm of a number from Gamma(alpha): one from Gamma(1 + alpha) (Marsaglia and Tsang 2000) times u^(1 / alpha).
    private double LogGamma(double alpha)
    {
        var d = alpha + 1 - (1.0 / 3);
        var c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            // 1 - u lies in (0, 1], so logarithms are finite.
            var normal = Math.Sqrt(-2 * Math.Log(1 - Next())) * Math.Cos(2 * Math.PI * Next());
            var root = 1 + (c * normal);
            var cube = root * root * root;
            if (root > 0 && Math.Log(1 - Next()) < (normal * normal / 2) + d - (d * cube) + (d * Math.Log(cube)))
            {
                return Math.Log(d * cube) + (Math.Log(1 - Next()) / alpha);
            }
        }
    }
}
