namespace Freeze.Runtime.Data;

/// <summary>
/// Which varied copy of a training image an epoch sees: copy k is what becomes of the image in epoch k. An image begins with a copy
/// that the seed draws and takes them in turn, so as many epochs as there are copies see each once.
/// </summary>
/// <param name="count">How many copies; 0 where each epoch varies images anew.</param>
/// <param name="seed">The recipe's.</param>
/// <param name="whose">Whose images they are, such as " of member 2", or "".</param>
internal sealed class CopyChoice(int count, long seed, string whose)
{
    private readonly ulong key = RandomStream.Key(seed, $"copies{whose}");

    /// <summary>The copy of the image at a place, from 1; the epoch itself where there are none.</summary>
    public int Of(long place, int epoch) => count == 0
        ? epoch
        : 1 + (int)((RandomStream.Bits(key, place) % (ulong)count + (ulong)epoch - 1) % (ulong)count);
}
