using System.Security.Cryptography;
using System.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Results;

/// <summary>
/// Training that can be resumed: its position, its weights under PyTorch's names, and its optimizer state. A safetensors file
/// whose header holds the position and the SHA-256 of position and values.
/// </summary>
internal sealed class Checkpoint
{
    private readonly IReadOnlyDictionary<string, StoredTensor> tensors;

    private Checkpoint(ResumePoint position, IReadOnlyDictionary<string, StoredTensor> tensors)
    {
        Position = position;
        this.tensors = tensors;
    }

    /// <summary>The position of the training.</summary>
    public ResumePoint Position { get; }

    /// <summary>Writes a training's state.</summary>
    /// <param name="stream">The output.</param>
    /// <param name="position">The position of the training.</param>
    /// <param name="state">The content of the file.</param>
    /// <param name="beside">The content of another file, in its order; the SHA-256 covers it too and binds the two.</param>
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
    /// <param name="hash">The run's hash.</param>
    /// <param name="beside">The file with the rest of the state, or null.</param>
    /// <exception cref="InvalidDataException">It is damaged, or belongs to another run.</exception>
    public static Checkpoint Read(string path, string hash, string? beside = null)
    {
        var (own, notes) = Safetensors.ReadWithNotes(path);
        var tensors = beside is null
            ? own
            : WholeWeights.Read(beside).Concat(own).DistinctBy(entry => entry.Key).ToDictionary();
        if (!notes.TryGetValue("position", out var text) || !notes.TryGetValue("sha256", out var expected))
        {
            throw new InvalidDataException("it is not a checkpoint");
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
    /// <exception cref="InvalidDataException">It is missing: the checkpoint is from another net or optimizer.</exception>
    public Tensor Tensor(string name, long[] shape)
    {
        if (!tensors.TryGetValue(name, out var found) || !found.Shape.SequenceEqual(shape))
        {
            throw new InvalidDataException($"it has no {name} of shape {string.Join("x", shape)}");
        }

        return found.ToTensor();
    }
}
