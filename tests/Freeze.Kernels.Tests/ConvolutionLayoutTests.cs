using Xunit;
using static Freeze.Kernels.Tests.ConvolutionCases;
using static TorchSharp.torch;

namespace Freeze.Kernels.Tests;

/// <summary>Convolutions against libtorch's in double, however the maps lie in memory and whatever is frozen.</summary>
public sealed class ConvolutionLayoutTests
{
    public static TheoryData<string, ScalarType, Normed> SomeCases => new MatrixTheoryData<string, ScalarType, Normed>(
        Some, Types,
        [Normed.Not, Normed.InTraining]);

    [Theory]
    [MemberData(nameof(SomeCases))]
    public void HoweverTheMapsLieInMemory(string name, ScalarType type, Normed normed)
    {
        using var scope = NewDisposeScope();
        var kind = Kinds[name];
        var expected = Exact(kind, type, normed);
        var graph = new Graph();
        foreach (var layout in Enum.GetValues<Layout>())
        {
            // Which indices a slice has, ConvolutionTests asks of one layout: here are one and two of each dimension.
            foreach (var slice in Slices(kind.Kernel).Where(slice => slice.Indices.Length < 3))
            {
                using var each = NewDisposeScope();
                var found = Computed(graph, kind, type, normed, slice, layout);
                Compare(expected, found, slice, type, normed, $"{slice}, {layout}");
            }
        }
    }

    public static TheoryData<string, Normed, bool> FrozenCases => new MatrixTheoryData<string, Normed, bool>(
        ["Winograd", "1x1", "strides"], [Normed.Not, Normed.InTraining, Normed.ByRunningStatistics], [true, false]);

    // Whatever learns gets its gradient, and nothing else does.
    [Theory]
    [MemberData(nameof(FrozenCases))]
    public void WhateverIsFrozen(string name, Normed normed, bool useKernels)
    {
        using var scope = NewDisposeScope();
        var (kind, graph) = (Kinds[name], new Graph(useKernels));
        var expected = Exact(kind, float32, normed);
        string[] leaves = normed == Normed.Not ? ["x", "kernel", "bias"] : ["x", "kernel", "bias", "norm weight", "norm bias"];
        Slice[] slices = [Slice.Whole, new(0, [1, 2, 9]), new(0, [.. Enumerable.Range(1, 15)]), new(1, [0, 2])];
        for (var learning = 0; learning < 1 << leaves.Length; learning++)
        {
            string[] wanted = [.. leaves.Where((_, i) => (learning & (1 << i)) != 0)];
            foreach (var slice in slices)
            {
                using var each = NewDisposeScope();
                var found = Computed(graph, kind, float32, normed, slice, Layout.ChannelsLast, wanted);
                Assert.Equal(wanted.Order(), found.Keys.Where(leaves.Contains).Order());
                Compare(expected, found, slice, float32, normed, $"{slice}, {string.Join(", ", wanted)}", useKernels);
            }
        }
    }
}
