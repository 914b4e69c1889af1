namespace Freeze.Runtime.Data;

/// <summary>
/// Which varied copy of a training image an epoch sees: copy k is the image as varied in epoch k. The seed draws each image's
/// first copy, and the others follow in turn, so an image shows every copy once in as many epochs as there are copies.
/// </summary>
/// <param name="count">The number of copies; 0 if each epoch varies images anew.</param>
/// <param name="seed">The recipe's seed.</param>
/// <param name="whose">Whose images they are, such as " of member 2", or "".</param>
internal sealed class CopyChoice(int count, long seed, string whose)
{
    private readonly ulong key = RandomStream.Key(seed, $"copies{whose}");

    /// <summary>The copy of the image at an index, from 1; the epoch's number if there are no copies.</summary>
    public int Of(long place, int epoch) => count == 0
        ? epoch
        : 1 + (int)((RandomStream.Bits(key, place) % (ulong)count + (ulong)epoch - 1) % (ulong)count);
}
