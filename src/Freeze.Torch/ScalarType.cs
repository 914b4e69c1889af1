namespace TorchSharp;

public static partial class torch
{
    /// <summary>The type of a tensor's elements, with libtorch's own numbers.</summary>
    public enum ScalarType : sbyte
    {
        /// <summary>Unsigned, 8 bits.</summary>
        Byte = 0,

        /// <summary>Signed, 32 bits.</summary>
        Int32 = 3,

        /// <summary>Signed, 64 bits: labels and indices.</summary>
        Int64 = 4,

        /// <summary>IEEE single.</summary>
        Float32 = 6,

        /// <summary>IEEE double.</summary>
        Float64 = 7,

        /// <summary>One byte, 0 or 1.</summary>
        Bool = 11,

        /// <summary>The upper half of an IEEE single.</summary>
        BFloat16 = 15,
    }

    /// <summary>Unsigned, 8 bits.</summary>
    public static readonly ScalarType uint8 = ScalarType.Byte;

    /// <summary>Signed, 32 bits.</summary>
    public static readonly ScalarType int32 = ScalarType.Int32;

    /// <summary>Signed, 64 bits.</summary>
    public static readonly ScalarType int64 = ScalarType.Int64;

    /// <summary>IEEE single.</summary>
    public static readonly ScalarType float32 = ScalarType.Float32;

    /// <summary>IEEE double.</summary>
    public static readonly ScalarType float64 = ScalarType.Float64;

    internal static ScalarType TypeOf<T>()
        where T : unmanaged => default(T) switch
        {
            byte => ScalarType.Byte,
            bool => ScalarType.Bool,
            int => ScalarType.Int32,
            long => ScalarType.Int64,
            float => ScalarType.Float32,
            double => ScalarType.Float64,
            _ => throw new NotSupportedException($"no tensor holds {typeof(T)}"),
        };
}

/// <summary>A number beside a tensor: <c>weights.mul_(0.9)</c>.</summary>
public readonly struct Scalar
{
    private Scalar(double value) => Value = value;

    internal double Value { get; }

    /// <summary>A number as it is.</summary>
    public static implicit operator Scalar(double value) => new(value);

    /// <summary>A number, widened.</summary>
    public static implicit operator Scalar(float value) => new(value);

    /// <summary>A number, widened; exact up to 2^53.</summary>
    public static implicit operator Scalar(long value) => new(value);

    /// <summary>A number, widened.</summary>
    public static implicit operator Scalar(int value) => new(value);
}
