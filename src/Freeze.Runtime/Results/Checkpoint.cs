using System.Security.Cryptography;
using System.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Results;

/// <summary>
/// A training that can go on: where it stands, its weights under the names of PyTorch, and what its optimizer has
/// gathered. A safetensors file whose header holds the position and the SHA-256 of position and values.
/// </summary>
internal sealed class Checkpoint
{
    private readonly IReadOnlyDictionary<string, StoredTensor> tensors;

    private Checkpoint(ResumePoint position, IReadOnlyDictionary<string, StoredTensor> tensors)
    {
        Position = position;
        this.tensors = tensors;
    }

    /// <summary>Where the training stands.</summary>
    public ResumePoint Position { get; }

    /// <summary>Writes a training's state.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="position">Where the training stands.</param>
    /// <param name="state">What the file holds.</param>
    /// <param name="beside">What another file holds, in its order: it is summed up here too, so the two belong together.</param>
    public static void Write(
        Stream stream,
        ResumePoint position,
        IReadOnlyList<(string Name, Tensor Value)> state,
        IEnumerable<(string Name, Tensor Value)>? beside = null)
    {
        var text = Json.toText(position);
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sum.AppendData(Encoding.UTF8.GetBytes(text));
        foreach (var (_, value) in (beside ?? []).Concat(state))
        {
            using var here = value.cpu();
            using var packed = here.contiguous();
            sum.AppendData(packed.bytes);
        }

        Safetensors.Write(stream, state, ("position", text), ("sha256", Convert.ToHexStringLower(sum.GetHashAndReset())));
    }

    /// <summary>Reads a checkpoint of a run.</summary>
    /// <param name="path">Its file.</param>
    /// <param name="hash">The run's.</param>
    /// <param name="beside">The file that holds the rest of the state, or null where there is none.</param>
    /// <exception cref="InvalidDataException">It is damaged, or another run's.</exception>
    public static Checkpoint Read(string path, string hash, string? beside = null)
    {
        var (own, notes) = Safetensors.ReadWithNotes(path);
        var tensors = beside is null
            ? own
            : WholeWeights.Read(beside).Concat(own).DistinctBy(entry => entry.Key).ToDictionary();
        if (!notes.TryGetValue("position", out var text) || !notes.TryGetValue("sha256", out var expected))
        {
            throw new InvalidDataException("it is no checkpoint of a training");
        }

        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sum.AppendData(Encoding.UTF8.GetBytes(text));
        foreach (var tensor in tensors.Values)
        {
            sum.AppendData(tensor.Bytes);
        }

        if (Convert.ToHexStringLower(sum.GetHashAndReset()) != expected)
        {
            throw new InvalidDataException("its SHA-256 is not that of its content");
        }

        try
        {
            var position = Json.ofText<ResumePoint>(text);
            return position.Hash == hash
                ? new Checkpoint(position, tensors)
                : throw new InvalidDataException($"it belongs to run {position.Hash}");
        }
        catch (Json.JsonMismatch error)
        {
            throw new InvalidDataException($"its position cannot be read: {error.message}", error);
        }
    }

    /// <summary>A tensor of a name and shape; the caller's scope owns it.</summary>
    /// <exception cref="InvalidDataException">There is none: the checkpoint is of another net or optimizer.</exception>
    public Tensor Tensor(string name, long[] shape)
    {
        if (!tensors.TryGetValue(name, out var found) || !found.Shape.SequenceEqual(shape))
        {
            throw new InvalidDataException($"it holds no {name} of shape {string.Join("x", shape)}");
        }

        return found.ToTensor();
    }
}
