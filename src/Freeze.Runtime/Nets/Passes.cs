namespace Freeze.Runtime.Nets;

/// <summary>
/// What of a net is computed in another way than node by node, with the same numbers: pure functions of the graph. Each is a
/// list of pairs, the later node of which reads nothing but the earlier one's output, which nothing else reads.
/// </summary>
internal static class Passes
{
    /// <summary>Batch norms and the relu behind them: one pass over memory does both.</summary>
    public static IEnumerable<(int Norm, int Relu)> CutNorms(Net net) =>
        Pairs(net, first => first.IsBatchNorm, second => second.IsRelu);

    /// <summary>
    /// Relus and the max pool behind them: the greatest of a window is cut off instead of every entry. The greatest of
    /// what was cut off is the same, and so are the gradients: none where the greatest is not above 0. A relu that is
    /// done with its norm is not among them.
    /// </summary>
    public static IEnumerable<(int Relu, int Pool)> PooledRelus(Net net)
    {
        var readers = Readers(net);
        var cut = CutNorms(net).Select(pair => pair.Relu).ToHashSet();
        // What goes into the relu then passes through it, so nothing else may read that either.
        return Pairs(net, first => first.IsRelu, second => second.IsMaxPool)
            .Where(pair => !cut.Contains(pair.First)
                && net.Nodes[pair.First].Inputs[0] is > 0 and var input && readers[input].Count() == 1);
    }

    private static ILookup<int, int> Readers(Net net) =>
        net.Nodes.SelectMany((node, place) => node.Inputs.Select(input => (Input: input, Reader: place)))
            .ToLookup(pair => pair.Input, pair => pair.Reader);

    private static IEnumerable<(int First, int Second)> Pairs(
        Net net, Predicate<Operation> isFirst, Predicate<Operation> isSecond)
    {
        var readers = Readers(net);
        for (var first = 0; first < net.Nodes.Length; first++)
        {
            if (isFirst(net.Nodes[first].Operation)
                && readers[first].ToArray() is [var only]
                && isSecond(net.Nodes[only].Operation))
            {
                yield return (first, only);
            }
        }
    }
}
