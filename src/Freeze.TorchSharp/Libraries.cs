namespace Freeze.Torch;

/// <summary>How libtorch and the libraries below it compute, as far as TorchSharp can say so.</summary>
public static class Libraries
{
    /// <summary>What is between the runtime and libtorch.</summary>
    public const string Binding = "TorchSharp";

    /// <summary>TorchSharp cannot ask for computations that give the same bits each time: always false.</summary>
    public static bool TrySetRepeatable(bool repeatable) => !repeatable;
}
