namespace Freeze.Report.Maps;

/// <summary>
/// Work on rows that each have a place of their own for what comes out: whatever the number of threads, and whichever
/// takes a row, the bits are the same.
/// </summary>
internal static class Rows
{
    public static void ForAll(int count, int threads, Action<int> row) =>
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads }, row);
}
