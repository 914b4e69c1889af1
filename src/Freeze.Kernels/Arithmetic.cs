using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Kernels;

/// <summary>
/// Replaces TorchSharp's methods for sums and for arithmetic with numbers. TorchSharp passes a number to libtorch as a Scalar
/// that the garbage collector may free before libtorch reads it; libtorch then reads garbage. Its <c>add(Tensor)</c> makes such a
/// Scalar too. The methods here hold each one until the call returns.
/// </summary>
public static class Arithmetic
{
    private static readonly Scalar One = 1;

    /// <summary>a + b.</summary>
    public static Tensor Plus(this Tensor a, Tensor b) => Given(a).add(b, One);

    /// <summary>a + number.</summary>
    public static Tensor Plus(this Tensor a, double number) => With(number, held => Given(a).add(held, One));

    /// <summary>a += b.</summary>
    public static Tensor PlusInPlace(this Tensor a, Tensor b) => Given(a).add_(b, One);

    /// <summary>a += factor b.</summary>
    public static Tensor PlusInPlace(this Tensor a, Tensor b, double factor) => With(factor, held => Given(a).add_(b, held));

    /// <summary>a += number.</summary>
    public static Tensor PlusInPlace(this Tensor a, double number) => With(number, held => Given(a).add_(held, One));

    /// <summary>number a.</summary>
    public static Tensor Times(this Tensor a, double number) => With(number, held => Given(a).mul(held));

    /// <summary>a *= number.</summary>
    public static Tensor TimesInPlace(this Tensor a, double number) => With(number, held => Given(a).mul_(held));

    /// <summary>a / number.</summary>
    public static Tensor Over(this Tensor a, double number) => With(number, held => Given(a).div(held));

    /// <summary>a /= number.</summary>
    public static Tensor OverInPlace(this Tensor a, double number) => With(number, held => Given(a).div_(held));

    /// <summary>a += factor b c.</summary>
    public static Tensor PlusProductInPlace(this Tensor a, Tensor b, Tensor c, double factor) =>
        With(factor, held => Given(a).addcmul_(b, c, held));

    /// <summary>a += factor b / c.</summary>
    public static Tensor PlusQuotientInPlace(this Tensor a, Tensor b, Tensor c, double factor) =>
        With(factor, held => Given(a).addcdiv_(b, c, held));

    /// <summary>a, or slope a where a is below 0.</summary>
    public static Tensor LeakyRelu(this Tensor a, double slope) => With(slope, held => Given(a).leaky_relu(held));

    /// <summary>a, clamped between two numbers.</summary>
    public static Tensor ClampInPlace(this Tensor a, double least, double greatest) =>
        With(least, low => With(greatest, high => Given(a).clamp_(low, high)));

    private static Tensor With(double number, Func<Scalar, Tensor> compute)
    {
        using Scalar held = number;
        return compute(held);
    }

    private static Tensor Given(Tensor a)
    {
        ArgumentNullException.ThrowIfNull(a);
        return a;
    }
}
