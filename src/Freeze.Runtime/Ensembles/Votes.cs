namespace Freeze.Runtime.Ensembles;

/// <summary>
/// The predictions of an ensemble's members for the same labelled images. Softmax and means are computed in double precision.
/// </summary>
/// <param name="labels">The class of each image.</param>
/// <param name="classes">The number of a member's outputs.</param>
internal sealed class Votes(int[] labels, int classes)
{
    private readonly double[] sums = new double[(long)labels.Length * classes];
    private readonly List<int[]> said = [];

    /// <summary>Adds a member by its logits [images, classes]; returns its mean cross-entropy in nats and its accuracy.</summary>
    public (double Loss, double Accuracy) Add(double[] logits)
    {
        var own = new int[labels.Length];
        var loss = 0.0;
        for (var image = 0; image < labels.Length; image++)
        {
            var row = logits.AsSpan(image * classes, classes);
            own[image] = Greatest(row);
            var top = row[own[image]];
            var all = 0.0;
            foreach (var logit in row)
            {
                all += Math.Exp(logit - top);
            }

            loss += Math.Log(all) + top - row[labels[image]];
            for (var c = 0; c < classes; c++)
            {
                sums[((long)image * classes) + c] += Math.Exp(row[c] - top) / all;
            }
        }

        said.Add(own);
        return (loss / labels.Length, Share(own));
    }

    /// <summary>The mean cross-entropy in nats and the accuracy of the mean of the members' softmax.</summary>
    public (double Loss, double Accuracy) Together()
    {
        var loss = 0.0;
        for (var image = 0; image < labels.Length; image++)
        {
            var ofLabel = sums[((long)image * classes) + labels[image]];
            // A mean that underflows to 0 would give an infinite loss.
            loss -= Math.Log(Math.Max(ofLabel / said.Count, double.Epsilon));
        }

        return (loss / labels.Length, Share(Answers().Answers));
    }

    /// <summary>Each image's predicted class by the mean of the members' softmax, and that class's probability.</summary>
    public (int[] Answers, double[] Probabilities) Answers()
    {
        var answers = new int[labels.Length];
        var probabilities = new double[labels.Length];
        for (var image = 0; image < labels.Length; image++)
        {
            var row = sums.AsSpan(image * classes, classes);
            answers[image] = Greatest(row);
            probabilities[image] = row[answers[image]] / said.Count;
        }

        return (answers, probabilities);
    }

    /// <summary>The fraction of images for which two members predict different classes: the mean over all pairs.</summary>
    public double Disagreement()
    {
        var pairs = said.Count * (said.Count - 1L) / 2;
        var different = 0L;
        for (var i = 0; i < said.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                different += said[i].Zip(said[j]).Count(pair => pair.First != pair.Second);
            }
        }

        return pairs == 0 ? 0 : (double)different / pairs / labels.Length;
    }

    // Of equal values the first.
    private static int Greatest(ReadOnlySpan<double> row)
    {
        var best = 0;
        for (var c = 1; c < row.Length; c++)
        {
            if (row[c] > row[best])
            {
                best = c;
            }
        }

        return best;
    }

    private double Share(int[] own) => (double)own.Zip(labels).Count(pair => pair.First == pair.Second) / labels.Length;
}
