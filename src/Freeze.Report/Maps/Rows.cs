namespace Freeze.Report.Maps;

/// <summary>
/// Work on rows that each have a place of their own for what comes out: whatever the number of threads, and whichever
/// takes a row, the bits are the same.
/// </summary>
internal static class Rows
{
    private const int Block = 64;

    public static void ForAll(int count, int threads, Action<int, int> block)
    {
        var blocks = (count + Block - 1) / Block;
        void Run(int number) => block(number * Block, Math.Min(count, (number + 1) * Block));
        if (threads == 1 || blocks < 2)
        {
            for (var number = 0; number < blocks; number++)
            {
                Run(number);
            }
        }
        else
        {
            Parallel.For(0, blocks, new ParallelOptions { MaxDegreeOfParallelism = threads }, Run);
        }
    }
}
