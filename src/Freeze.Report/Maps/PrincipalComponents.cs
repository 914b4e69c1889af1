using System.Runtime.InteropServices;
using MathNet.Numerics.LinearAlgebra;
using Lanes = System.Numerics.Vector<float>;

namespace Freeze.Report.Maps;

/// <summary>
/// Points in the directions in which they vary most (Pearson 1901). Where there are many dimensions the directions are
/// found by the randomised method of Halko, Martinsson and Tropp (2011), with power iterations.
/// </summary>
public static class PrincipalComponents
{
    // Up to here the eigenvectors of the covariance are cheap.
    private const int Small = 128;
    private const int Oversampling = 14;
    private const int PowerIterations = 5;

    /// <summary>The points in at most so many principal directions, those of the greatest variance first.</summary>
    /// <param name="points">Any points; they are centred.</param>
    /// <param name="dimensions">Directions wanted; fewer are returned where the points have fewer.</param>
    /// <param name="seed">Of the random start of the directions.</param>
    /// <param name="threads">How many compute; the bits do not depend on it.</param>
    public static Points Project(Points points, int dimensions, long seed, int threads)
    {
        ArgumentNullException.ThrowIfNull(points);
        var wanted = Math.Min(dimensions, Math.Min(points.Dimension, points.Count));
        var centred = Centre(points);
        var width = points.Dimension <= Small ? points.Dimension : Math.Min(points.Dimension, wanted + Oversampling);
        var basis = points.Dimension <= Small
            ? Identity(points.Dimension)
            : Range(centred, points, width, seed, threads);
        var inBasis = Multiply(centred, points, basis, width, threads);
        var turned = Turn(inBasis, points.Count, width, wanted);
        return new Points(turned, points.Count, wanted);
    }

    private static float[] Centre(Points points)
    {
        var means = new double[points.Dimension];
        for (var i = 0; i < points.Values.Length; i++)
        {
            means[i % points.Dimension] += points.Values[i];
        }

        var centred = new float[points.Values.Length];
        for (var i = 0; i < centred.Length; i++)
        {
            centred[i] = (float)(points.Values[i] - (means[i % points.Dimension] / points.Count));
        }

        return centred;
    }

    private static float[] Identity(int size)
    {
        var values = new float[size * size];
        for (var i = 0; i < size; i++)
        {
            values[(i * size) + i] = 1;
        }

        return values;
    }

    /// <summary>Orthonormal columns [dimension, width] that span the directions of the greatest variance.</summary>
    private static float[] Range(float[] centred, Points points, int width, long seed, int threads)
    {
        var key = RandomStream.Key(seed, "directions of the principal components");
        var basis = new float[points.Dimension * width];
        for (var i = 0; i < basis.Length; i++)
        {
            basis[i] = (2 * RandomStream.Unit(key, i)) - 1;
        }

        for (var pass = 0; pass < PowerIterations; pass++)
        {
            Orthonormalise(basis, points.Dimension, width);
            basis = MultiplyTransposed(centred, points, Multiply(centred, points, basis, width, threads), width, threads);
        }

        Orthonormalise(basis, points.Dimension, width);
        return basis;
    }

    private static float[] Multiply(float[] centred, Points points, float[] basis, int width, int threads)
    {
        var product = new float[points.Count * width];
        Rows.ForAll(points.Count, threads, (first, end) =>
        {
            for (var i = first; i < end; i++)
            {
                for (var j = 0; j < points.Dimension; j++)
                {
                    AddScaled(product.AsSpan(i * width, width), centred[(i * points.Dimension) + j], basis.AsSpan(j * width, width));
                }
            }
        });
        return product;
    }

    private static float[] MultiplyTransposed(float[] centred, Points points, float[] right, int width, int threads)
    {
        var product = new float[points.Dimension * width];
        Rows.ForAll(points.Dimension, threads, (first, end) =>
        {
            for (var i = 0; i < points.Count; i++)
            {
                for (var j = first; j < end; j++)
                {
                    AddScaled(product.AsSpan(j * width, width), centred[(i * points.Dimension) + j], right.AsSpan(i * width, width));
                }
            }
        });
        return product;
    }

    private static void AddScaled(Span<float> sum, float factor, ReadOnlySpan<float> row)
    {
        var sums = MemoryMarshal.Cast<float, Lanes>(sum);
        var rows = MemoryMarshal.Cast<float, Lanes>(row);
        for (var k = 0; k < sums.Length; k++)
        {
            sums[k] += rows[k] * factor;
        }

        for (var k = sums.Length * Lanes.Count; k < sum.Length; k++)
        {
            sum[k] += row[k] * factor;
        }
    }

    // Gram and Schmidt, twice over as rounding asks for.
    private static void Orthonormalise(float[] columns, int length, int width)
    {
        for (var column = 0; column < width; column++)
        {
            for (var pass = 0; pass < 2; pass++)
            {
                for (var other = 0; other < column; other++)
                {
                    var share = Dot(columns, length, width, column, other);
                    for (var i = 0; i < length; i++)
                    {
                        columns[(i * width) + column] -= (float)share * columns[(i * width) + other];
                    }
                }

                var norm = Math.Sqrt(Dot(columns, length, width, column, column));
                for (var i = 0; i < length; i++)
                {
                    // A direction in which nothing varies is left at zero.
                    columns[(i * width) + column] = norm > 1e-20 ? (float)(columns[(i * width) + column] / norm) : 0;
                }
            }
        }
    }

    private static double Dot(float[] columns, int length, int width, int a, int b)
    {
        var sum = 0.0;
        for (var i = 0; i < length; i++)
        {
            sum += (double)columns[(i * width) + a] * columns[(i * width) + b];
        }

        return sum;
    }

    /// <summary>Rows of [count, width] in the eigenvectors of their covariance, the greatest eigenvalues first.</summary>
    private static float[] Turn(float[] rows, int count, int width, int wanted)
    {
        var covariance = Matrix<double>.Build.Dense(width, width);
        for (var row = 0; row < count; row++)
        {
            for (var i = 0; i < width; i++)
            {
                for (var j = 0; j <= i; j++)
                {
                    covariance[i, j] += (double)rows[(row * width) + i] * rows[(row * width) + j];
                }
            }
        }

        for (var i = 0; i < width; i++)
        {
            for (var j = 0; j < i; j++)
            {
                covariance[j, i] = covariance[i, j];
            }
        }

        var vectors = covariance.Evd(Symmetricity.Symmetric).EigenVectors;
        var turned = new float[count * wanted];
        for (var direction = 0; direction < wanted; direction++)
        {
            // Eigenvalues ascend. An eigenvector's sign means nothing: here its largest entry is positive.
            var vector = vectors.Column(width - 1 - direction);
            var sign = Math.Sign(vector[vector.AbsoluteMaximumIndex()]);
            for (var row = 0; row < count; row++)
            {
                var sum = 0.0;
                for (var i = 0; i < width; i++)
                {
                    sum += rows[(row * width) + i] * vector[i];
                }

                turned[(row * wanted) + direction] = (float)(sign * sum);
            }
        }

        return turned;
    }
}
