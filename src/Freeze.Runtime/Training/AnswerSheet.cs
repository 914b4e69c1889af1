using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Training;

/// <summary>
/// A net's predictions, batch by batch. They stay on the device and are read once, at the end, because reading waits for the
/// computation.
/// </summary>
/// <param name="withProbabilities">Whether to keep the softmax of the predicted class too.</param>
internal sealed class AnswerSheet(bool withProbabilities = false) : IDisposable
{
    private readonly List<Tensor> said = [];
    private readonly List<Tensor> sure = [];

    /// <summary>Adds the logits [batch, classes] of a batch.</summary>
    public void Add(Tensor logits)
    {
        using var scope = NewDisposeScope();
        said.Add(logits.argmax(1).DetachFromDisposeScope());
        if (withProbabilities)
        {
            sure.Add(logits.to(ScalarType.Float64).softmax(1).amax([1]).DetachFromDisposeScope());
        }
    }

    /// <summary>The predicted class of each image, in the order of the images.</summary>
    public int[] Answers() =>
        [.. said.SelectMany(batch => Here(batch, batch => batch.data<long>().ToArray())).Select(answer => (int)answer)];

    /// <summary>The probability of each predicted class, by softmax.</summary>
    public double[] Probabilities() => [.. sure.SelectMany(batch => Here(batch, batch => batch.data<double>().ToArray()))];

    /// <summary>Frees the predictions.</summary>
    public void Dispose() => said.Concat(sure).ToList().ForEach(batch => batch.Dispose());

    private static T[] Here<T>(Tensor batch, Func<Tensor, T[]> read)
    {
        using var here = batch.cpu();
        return read(here);
    }
}
