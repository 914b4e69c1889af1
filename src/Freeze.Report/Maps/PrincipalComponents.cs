using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace Freeze.Report.Maps;

/// <summary>
/// Principal component analysis (Pearson 1901) by the randomised method of Halko, Martinsson and Tropp (2011) with power
/// iterations: with thousands of dimensions, the eigenvectors of a whole covariance matrix take minutes.
/// </summary>
public static class PrincipalComponents
{
    private const int Oversampling = 14;
    private const int PowerIterations = 5;

    /// <summary>The coordinates of points in the principal directions, those of the greatest variance first.</summary>
    /// <param name="points">Any points; they are centred.</param>
    /// <param name="dimensions">The maximal number of directions; there are fewer if the points have fewer.</param>
    /// <param name="seed">Seeds the random initial directions.</param>
    public static Points Project(Points points, int dimensions, long seed)
    {
        ArgumentNullException.ThrowIfNull(points);
        var wanted = Math.Min(dimensions, Math.Min(points.Dimension, points.Count));
        var centred = Centre(points);
        var projected = (centred * Range(centred, Math.Min(points.Dimension, wanted + Oversampling), seed)).Map(value => (double)value);
        var vectors = projected.TransposeThisAndMultiply(projected).Evd(Symmetricity.Symmetric).EigenVectors;

        // Eigenvalues ascend. An eigenvector's sign is arbitrary: here its largest entry is positive.
        var directions = vectors.EnumerateColumns().Reverse().Take(wanted)
            .Select(vector => vector * Math.Sign(vector[vector.AbsoluteMaximumIndex()]));
        var turned = projected * Matrix<double>.Build.DenseOfColumnVectors(directions);
        return new Points(Array.ConvertAll(turned.ToRowMajorArray(), value => (float)value), points.Count, wanted);
    }

    private static Matrix<float> Centre(Points points)
    {
        var means = new double[points.Dimension];
        for (var i = 0; i < points.Values.Length; i++)
        {
            means[i % points.Dimension] += points.Values[i];
        }

        return Matrix<float>.Build.Dense(points.Count, points.Dimension, (i, j) => (float)(points[i][j] - (means[j] / points.Count)));
    }

    /// <summary>Orthonormal columns [dimension, width] that span the directions of the greatest variance.</summary>
    private static Matrix<float> Range(Matrix<float> centred, int width, long seed)
    {
        var key = RandomStream.Key(seed, "directions of the principal components");
        var basis = Matrix<float>.Build.Dense(
            centred.ColumnCount, width, (i, j) => (float)((2 * RandomStream.Unit(key, ((long)i * width) + j)) - 1));
        for (var pass = 0; pass < PowerIterations; pass++)
        {
            basis = centred.TransposeThisAndMultiply(centred * basis.QR(QRMethod.Thin).Q);
        }

        return basis.QR(QRMethod.Thin).Q;
    }
}
