using Freeze.Runtime.Nets;
using static TorchSharp.torch;

namespace Freeze.Runtime.Ensembles;

/// <summary>
/// What one member of an ensemble has learned, as a safetensors file: under the name of each weight that learns the whole
/// weight or, of a slice, its entries in the order of the plan's indices; and all running statistics. What is not there is the
/// base net's. So a member is the base's weights with these entries put in their places.
/// </summary>
internal static class MemberFile
{
    /// <summary>What the file holds; the caller's scope owns new tensors.</summary>
    public static IReadOnlyList<(string Name, Tensor Value)> Content(WeightTable weights) => [.. weights.Learned()];

    /// <summary>Gives a member that starts from the base's weights what a file holds.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or another ensemble's.</exception>
    public static void Restore(string path, WeightTable weights)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        var found = Safetensors.Read(path);
        foreach (var (name, value) in weights.Learned())
        {
            value.copy_(WeightTable.Stored(path, found, name, value.shape));
        }
    }
}
