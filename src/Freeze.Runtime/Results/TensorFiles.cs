using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Results;

/// <summary>Writes tensors to safetensors files and reads them back; Freeze.Records implements the format.</summary>
internal static class TensorFiles
{
    extension(Safetensors)
    {
        /// <summary>Writes tensors of 32-bit or 64-bit floats under their names.</summary>
        /// <param name="stream">The output.</param>
        /// <param name="tensors">In the order of the file.</param>
        /// <param name="notes">Texts for the header, besides that of the format.</param>
        public static void Write(
            Stream stream, IReadOnlyList<(string Name, Tensor Value)> tensors, params (string Name, string Text)[] notes)
        {
            Safetensors.WriteHeader(
                stream,
                [.. tensors.Select(entry => (entry.Name, entry.Value.dtype == float64 ? "F64" : "F32", entry.Value.shape))],
                notes);
            foreach (var (_, value) in tensors)
            {
                using var here = value.cpu();
                using var packed = here.contiguous();
                stream.Write(packed.bytes);
            }
        }
    }

    /// <summary>A tensor of doubles if the file has doubles, otherwise of singles; the caller's scope owns it.</summary>
    public static Tensor ToTensor(this StoredTensor stored) => stored.Type == "F64"
        ? tensor(stored.Values<double>(), stored.Shape)
        : tensor(stored.ToSingles(), stored.Shape);
}
