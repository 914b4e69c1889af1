using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Storage;

namespace Freeze.Report.Maps;

/// <summary>
/// The affinities of pairs of points as probabilities (van der Maaten and Hinton 2008, section 2; van der Maaten 2014, section
/// 4.1): symmetric, with sum 1. A sparse matrix by rows.
/// </summary>
/// <param name="Starts">Where each row begins, and the end of the last.</param>
/// <param name="Columns">The neighbours of a row's point, ascending.</param>
/// <param name="Values">The probability of each pair.</param>
public sealed record Affinities(int[] Starts, int[] Columns, double[] Values)
{
    private const int SearchSteps = 100;
    private const double Precise = 1e-5;

    /// <summary>
    /// The affinities of points to their neighbours. For each point, a search finds the width of a normal kernel that gives the
    /// distribution over its neighbours the perplexity.
    /// </summary>
    public static Affinities Of(Neighbours near, double perplexity, int threads)
    {
        ArgumentNullException.ThrowIfNull(near);
        var points = near.Indices.Length / near.Count;
        var conditional = new double[near.Indices.Length];
        Rows.ForAll(points, threads, i =>
            Search(near.Squares.AsSpan(i * near.Count, near.Count), conditional.AsSpan(i * near.Count, near.Count), perplexity));
        return Symmetrise(near, conditional, points);
    }

    // Bisects the kernel's precision; doubles it while there is no upper bound.
    private static void Search(ReadOnlySpan<float> squares, Span<double> conditional, double perplexity)
    {
        var wanted = Math.Log(perplexity);
        var (least, most, beta) = (0.0, double.PositiveInfinity, 1.0);
        for (var step = 0; step < SearchSteps; step++)
        {
            var (sum, weighted) = (0.0, 0.0);
            for (var k = 0; k < squares.Length; k++)
            {
                // Relative to the nearest: the largest term is 1, so the sum is never 0.
                var further = squares[k] - squares[0];
                conditional[k] = Math.Exp(-beta * further);
                sum += conditional[k];
                weighted += conditional[k] * further;
            }

            var entropy = Math.Log(sum) + (beta * weighted / sum);
            for (var k = 0; k < squares.Length; k++)
            {
                conditional[k] /= sum;
            }

            if (Math.Abs(entropy - wanted) <= Precise)
            {
                return;
            }

            (least, most) = entropy > wanted ? (beta, most) : (least, beta);
            beta = double.IsPositiveInfinity(most) ? beta * 2 : (least + most) / 2;
        }
    }

    // Averages both directions, over all points.
    private static Affinities Symmetrise(Neighbours near, double[] conditional, int points)
    {
        var (starts, columns) = (Enumerable.Range(0, points + 1).Select(i => i * near.Count).ToArray(), near.Indices.ToArray());
        var halves = Array.ConvertAll(conditional, value => value / (2 * points));
        for (var i = 0; i < points; i++)
        {
            Array.Sort(columns, halves, starts[i], near.Count);
        }

        var half = Matrix<double>.Build.SparseFromCompressedSparseRowFormat(points, points, halves.Length, starts, columns, halves);
        var sum = (SparseCompressedRowMatrixStorage<double>)half.Map2((a, b) => a + b, half.Transpose(), Zeros.AllowSkip).Storage;
        return new Affinities(sum.RowPointers, sum.ColumnIndices, sum.Values);
    }
}
