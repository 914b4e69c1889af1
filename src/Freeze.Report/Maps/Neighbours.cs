using System.Numerics;
using System.Runtime.InteropServices;

namespace Freeze.Report.Maps;

/// <summary>The nearest neighbours of each point, by brute force, and the accuracy of classifying by them.</summary>
/// <param name="Count">The number of neighbours of a point.</param>
/// <param name="Indices">The neighbours of each point, the nearest first; of equally near ones the first.</param>
/// <param name="Squares">Their squared Euclidean distances.</param>
public sealed record Neighbours(int Count, int[] Indices, float[] Squares)
{
    /// <summary>The neighbours of every point, without itself.</summary>
    /// <param name="points">At least one more than <paramref name="count"/>.</param>
    /// <param name="count">The number of neighbours of each point.</param>
    /// <param name="threads">The number of threads; the bits do not depend on it.</param>
    public static Neighbours Of(Points points, int count, int threads)
    {
        ArgumentNullException.ThrowIfNull(points);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(count, points.Count);
        var indices = new int[points.Count * count];
        var squares = new float[points.Count * count];
        Rows.ForAll(points.Count, threads, i => Find(points, i, indices.AsSpan(i * count, count), squares.AsSpan(i * count, count)));
        return new Neighbours(count, indices, squares);
    }

    /// <summary>
    /// The fraction of points whose class is the most frequent one among their neighbours; ties go to the class with the nearest
    /// member.
    /// </summary>
    public static double Accuracy(Points points, IReadOnlyList<int> classes, int count, int threads)
    {
        ArgumentNullException.ThrowIfNull(points);
        ArgumentNullException.ThrowIfNull(classes);
        var near = Of(points, Math.Min(count, points.Count - 1), threads);
        var right = 0;
        for (var i = 0; i < points.Count; i++)
        {
            var votes = near.Indices.Skip(i * near.Count).Take(near.Count).Select(other => classes[other]);
            // Groups are ordered by their first members, and the sort is stable.
            right += votes.GroupBy(vote => vote).OrderByDescending(group => group.Count()).First().Key == classes[i] ? 1 : 0;
        }

        return (double)right / points.Count;
    }

    private static void Find(Points points, int i, Span<int> indices, Span<float> squares)
    {
        squares.Fill(float.PositiveInfinity);
        var own = points[i];
        for (var j = 0; j < points.Count; j++)
        {
            var square = j == i ? float.PositiveInfinity : Square(own, points[j]);
            if (square < squares[^1])
            {
                var place = squares.Length - 1;
                for (; place > 0 && squares[place - 1] > square; place--)
                {
                    squares[place] = squares[place - 1];
                    indices[place] = indices[place - 1];
                }

                squares[place] = square;
                indices[place] = j;
            }
        }
    }

    /// <summary>The squared Euclidean distance; MathNet's takes arrays, and would need a new one for each pair.</summary>
    private static float Square(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var left = MemoryMarshal.Cast<float, Vector<float>>(a);
        var right = MemoryMarshal.Cast<float, Vector<float>>(b);
        var sums = Vector<float>.Zero;
        for (var k = 0; k < left.Length; k++)
        {
            var difference = left[k] - right[k];
            sums += difference * difference;
        }

        var sum = Vector.Sum(sums);
        for (var k = left.Length * Vector<float>.Count; k < a.Length; k++)
        {
            sum += (a[k] - b[k]) * (a[k] - b[k]);
        }

        return sum;
    }
}
