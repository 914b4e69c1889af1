using Freeze.Runtime.Nets;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Nets;

public sealed class PlannedWeightTests
{
    private static readonly Weight Weight = new("w.weight", "w", LayerKind.Conv, false, [4, 3, 2, 5], 30, 40);

    public static TheoryData<int, int[]> Slices => new()
    {
        { 0, [0, 1] },
        { 0, [1, 3] },
        { 1, [2] },
        { 2, [0] },
        { 3, [0, 2, 4] },
    };

    [Theory]
    [MemberData(nameof(Slices))]
    public void OnlyTheSliceIsALeafAndOnlyItGetsAGradient(int dimension, int[] indices)
    {
        using var scope = NewDisposeScope();
        var weight = Planned(Treatment.NewSlice(dimension, indices, Stillness.Fixed));
        var places = tensor(Array.ConvertAll(indices, index => (long)index), [indices.Length]);

        weight.Value().mul(weight.Value()).sum().backward();

        // The derivative of the sum of squares is twice the value.
        Assert.Equal(
            weight.Leaf!.data<float>().ToArray().Select(value => 2 * value), weight.Leaf.grad!.data<float>().ToArray());
        Assert.Equal(indices.Length, weight.Leaf.shape[dimension]);
        Assert.Equal(
            weight.Leaf.data<float>().ToArray(),
            weight.Value().detach().index_select(dimension, places).data<float>().ToArray());
    }

    [Fact]
    public void EveryTreatmentStartsFromTheSameNumbers()
    {
        using var scope = NewDisposeScope();
        var start = Initializer.Start(TestNets.Plan(Weight, Treatment.Trained), 1);

        foreach (var treatment in new[]
        {
            Treatment.Trained, TestNets.Fixed, Treatment.NewSlice(1, [0, 2], Stillness.Fixed),
            Treatment.NewSlice(1, [], Stillness.Fixed), Treatment.NewSlice(1, [0, 1, 2], Stillness.Zero),
        })
        {
            Assert.Equal(start, Planned(treatment).Value().detach().data<float>().ToArray());
        }
    }

    [Fact]
    public void WhatIsZeroBesideASliceIsZeroAndTheSliceIsNot()
    {
        using var scope = NewDisposeScope();
        var value = Planned(Treatment.NewSlice(0, [1], Stillness.Zero)).Value().detach().data<float>().ToArray();

        Assert.Equal(Initializer.Start(TestNets.Plan(Weight, Treatment.Trained), 1)[30..60], value[30..60]);
        Assert.All(value[..30].Concat(value[60..]), entry => Assert.Equal(0, BitConverter.SingleToInt32Bits(entry)));
    }

    [Fact]
    public void WhatIsStillHasNoLeafAndNeedsNoGradient()
    {
        using var scope = NewDisposeScope();

        foreach (var treatment in new[]
        {
            TestNets.Fixed, TestNets.Zero, Treatment.NewSlice(0, [], Stillness.Fixed),
        })
        {
            var weight = Planned(treatment);
            Assert.Null(weight.Leaf);
            Assert.False(weight.Value().requires_grad);
        }
    }

    private static PlannedWeight Planned(Treatment treatment) => new(TestNets.Plan(Weight, treatment), 1, new StartFiles(), float32);
}
