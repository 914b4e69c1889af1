using Freeze.Runtime.Nets;
using static TorchSharp.torch;

namespace Freeze.Runtime.Ensembles;

/// <summary>
/// The weights that one member of an ensemble has trained, as a safetensors file: each trained weight under its name, whole or,
/// for a slice, as its entries in the order of the plan's indices; and all running statistics. Everything else is the base net's,
/// so a member is the base's weights with these entries replaced.
/// </summary>
internal static class MemberFile
{
    /// <summary>The file's content; the caller's scope owns new tensors.</summary>
    public static IReadOnlyList<(string Name, Tensor Value)> Content(WeightTable weights) => [.. weights.Learned()];

    /// <summary>Loads a file's content into a member that starts from the base's weights.</summary>
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
