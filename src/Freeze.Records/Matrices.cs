using System.Numerics;

namespace Freeze.Records;

/// <summary>Structured initial weights; a weight is read as a matrix with one row per filter or unit.</summary>
internal static class Matrices
{
    /// <summary>
    /// Makes the rows orthonormal, or the columns if there are fewer (Saxe et al. 2013), by the Gram-Schmidt process in double
    /// precision, applied twice because of rounding. Normal entries give every orientation the same probability.
    /// </summary>
    public static void Orthonormalise(float[] values, int rows)
    {
        var columns = values.Length / rows;
        var (count, length) = rows <= columns ? (rows, columns) : (columns, rows);
        int At(int vector, int i) => rows <= columns ? (vector * columns) + i : (i * columns) + vector;
        var vectors = new double[count][];
        for (var v = 0; v < count; v++)
        {
            var vector = Enumerable.Range(0, length).Select(i => (double)values[At(v, i)]).ToArray();
            for (var pass = 0; pass < 2; pass++)
            {
                for (var earlier = 0; earlier < v; earlier++)
                {
                    Subtract(vector, vectors[earlier], Dot(vector, vectors[earlier]));
                }

                var norm = Math.Sqrt(Dot(vector, vector));
                for (var i = 0; i < length; i++)
                {
                    vector[i] /= norm;
                }
            }

            vectors[v] = vector;
            for (var i = 0; i < length; i++)
            {
                values[At(v, i)] = (float)vector[i];
            }
        }
    }

    /// <summary>
    /// Rows of Sylvester's Hadamard matrix, cut to the row length, with a random sign for each column, drawn from the key; each
    /// row has norm 1.
    /// </summary>
    public static void FillHadamard(float[] values, int rows, ulong key)
    {
        var columns = values.Length / rows;
        var scale = (float)(1 / Math.Sqrt(columns));
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                // Entry (i, j) is -1 to the number of ones that i and j share.
                var odd = (BitOperations.PopCount((uint)(row & column)) + (int)(RandomStream.Bits(key, column) >> 63)) % 2;
                values[(row * columns) + column] = odd == 0 ? scale : -scale;
            }
        }
    }

    private static double Dot(double[] a, double[] b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }

    private static void Subtract(double[] from, double[] vector, double share)
    {
        for (var i = 0; i < from.Length; i++)
        {
            from[i] -= share * vector[i];
        }
    }
}
