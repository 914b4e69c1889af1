using static TorchSharp.torch;

namespace Freeze.Kernels;

/// <summary>Which gradients of a norm are requested, and the norm's mode.</summary>
/// <param name="Input">Whether the input's gradient is.</param>
/// <param name="Weight">Whether the weight's is.</param>
/// <param name="Bias">Whether the bias's is.</param>
/// <param name="Training">Whether the batch's statistics were used; gradients then flow through them.</param>
/// <param name="Relu">Whether a relu followed.</param>
/// <param name="Live">Which of the weight's channels the input has; null for all.</param>
/// <param name="Channels">The number of the weight's channels.</param>
/// <param name="InPlace">Whether this norm may overwrite the gradient of the input's other readers and add its own there.</param>
internal readonly record struct NormWants(
    bool Input, bool Weight, bool Bias, bool Training, bool Relu, Tensor? Live, long Channels, bool InPlace)
{
    public NormWants(Tensor x, Norm norm)
        : this(
            x.requires_grad, norm.Weight.requires_grad, norm.Bias.requires_grad, norm.Training, norm.Relu,
            norm.Split?.Live, norm.Weight.numel(),
            norm.Growth is { } growth && growth.Holds(x))
    {
    }

    public bool Any => Input || Weight || Bias;

    /// <summary>Tensors for the requested gradients; uninitialised, except where they are the others' tensor.</summary>
    /// <param name="x">The norm's input.</param>
    /// <param name="by">The result of <see cref="BatchNorm.Begin"/>.</param>
    /// <param name="others">The gradient of the input's other readers, or null.</param>
    public NormMade Empty(Tensor x, Tensor by, Tensor? others)
    {
        var beside = !Input || others is null ? null : Memory.Maps(others);
        return new(
            !Input ? null : InPlace && IsNear(beside) ? beside : Memory.EmptyLike(x),
            Weight ? empty([Channels], by.dtype) : null,
            Bias ? empty([Channels], by.dtype) : null,
            beside);
    }

    private static bool IsNear(Tensor? beside) =>
        beside is not null && Memory.TryMatrix(beside) is { } found && Growth.AreNear(found.Channels, found.Stride);

    /// <summary>Where the kernels write them.</summary>
    public NormGradients Into(NormMade made) => new()
    {
        Input = made.Input.DataOrNull(),
        Weight = made.Weight.DataOrNull(),
        Bias = made.Bias.DataOrNull(),
        Training = Training ? 1 : 0,
        Relu = Relu ? 1 : 0,
        Others = made.Others.DataOrNull(),
        Live = Live.DataOrNull(),
        All = Channels,
        OthersStride = made.Others is { } others ? Memory.TryMatrix(others)!.Value.Stride : 0,
    };
}

/// <summary>The gradients of a norm, null where not requested, and the gradient that is added to the input's.</summary>
internal readonly record struct NormMade(Tensor? Input, Tensor? Weight, Tensor? Bias, Tensor? Others)
{
    /// <summary>Disposes the others' gradient, unless it has become the input's, and returns the gradients.</summary>
    public (Tensor? Input, Tensor? Weight, Tensor? Bias) Finish()
    {
        if (!ReferenceEquals(Input, Others))
        {
            Others?.Dispose();
        }

        return (Input, Weight, Bias);
    }
}
