namespace Freeze.Report.Maps;

/// <summary>
/// Parallel work on rows whose results have places of their own: the bits do not depend on the number of threads, or on which
/// thread takes a row.
/// </summary>
internal static class Rows
{
    public static void ForAll(int count, int threads, Action<int> row) =>
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads }, row);
}
