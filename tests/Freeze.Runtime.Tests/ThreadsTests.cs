using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests;

/// <summary>Runs on one thread of libtorch and on two: the same bits, or it is said that they might be others.</summary>
[Collection(Alone.Name)]
public sealed class ThreadsTests(Sample sample) : IDisposable
{
    private readonly Folder folder = new();
    private readonly List<string> told = [];
    private int steps;

    public void Dispose()
    {
        set_num_threads(1);
        folder.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void TheSameRecipeGivesTheSameBits(int threads)
    {
        byte[] Weights(string store)
        {
            Finished(RunnerTests.Small, store, threads);
            return File.ReadAllBytes(folder.File($"{store}/{Address.ofRecipe(RunnerTests.Small.Build())}/last.safetensors"));
        }

        var first = Weights("one");
        manual_seed(99);
        Assert.Equal(first, Weights("two"));
    }

    [Fact]
    public void ARunThatGoesOnOnAnotherNumberOfThreadsSaysSo()
    {
        Assert.True(Execute(RunnerTests.Small, "store", threads: 1, stopAfter: 3).IsInterrupted);

        Finished(RunnerTests.Small, "store", threads: 2);

        Assert.Contains(told, note => note.Contains("on 1 threads", StringComparison.Ordinal));
    }

    [Fact]
    public void WhatMightHaveOtherBitsIsNotGoneOnFrom()
    {
        var recipe = new TestRecipe(TestNets.Staged(2)) { Images = Images.NewFirst(200), Batch = 50 };
        Finished(recipe with { Epochs = 2 }, "store", threads: 1);
        steps = 0;

        Finished(recipe with { Epochs = 3 }, "store", threads: 2);
        Assert.Equal(12, steps);
        Assert.Contains(told, note => note.Contains("trained on 1 threads: the bits might be others", StringComparison.Ordinal));

        Finished(recipe with { Epochs = 4 }, "store", threads: 2, PassSet.AllBut([Pass.Slices]));
        Assert.Equal(12 + 16, steps);
        Assert.Contains(told, note => note.Contains("trained by Freeze", StringComparison.Ordinal));
    }

    private void Finished(TestRecipe recipe, string store, int threads, PassSet? passes = null) =>
        Assert.True(Execute(recipe, store, threads, passes).IsFinished);

    private RunOutcome Execute(
        TestRecipe recipe, string store, int threads, PassSet? passes = null, int stopAfter = int.MaxValue) => StoppableRun.Execute(
        sample.Options(folder.File(store)) with { Threads = threads, Passes = passes ?? PassSet.All },
        recipe.Run(),
        stopAfter,
        () => steps++,
        told.Add);
}
