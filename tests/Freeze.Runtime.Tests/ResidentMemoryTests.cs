using System.Runtime.InteropServices;
using Xunit;

namespace Freeze.Runtime.Tests;

/// <summary>How much memory a run takes, as its records tell it.</summary>
[Collection(Alone.Name)]
public sealed class ResidentMemoryTests(Sample sample) : IDisposable
{
    private const int Size = 256 << 20;

    private readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void WhatWasInUseAndIsFreeDoesNotCountForWhatComesAfter()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux alone tells it");
        ResidentMemory.GiveBack();
        var memory = new ResidentMemory();
        ResidentMemory.Begin();
        var block = Marshal.AllocHGlobal(Size);
        for (var page = 0; page < Size; page += 4096)
        {
            Marshal.WriteByte(block, page, 1);
        }

        Marshal.FreeHGlobal(block);
        Assert.InRange(memory.Peak, (long)(0.9 * Size), long.MaxValue);

        ResidentMemory.GiveBack();
        ResidentMemory.Begin();
        Assert.InRange(memory.Peak, 0, (long)(0.5 * Size));
    }

    [Fact]
    public void ARunOfLargerBatchesTakesMoreMemoryWhicheverIsFirst()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux alone tells it");
        var options = new RunnerOptions(folder.File("store"), sample.Catalog, 1, TimeSpan.FromMinutes(5), Retry: false);
        using var runner = new Runner(options);
        long Peak(int batch, long seed)
        {
            var recipe = new TestRecipe(TestNets.Staged(2)) { Images = Images.NewFirst(6000), Batch = batch, Epochs = 1, Seed = seed };
            var outcome = Assert.IsType<RunOutcome.Finished>(runner.Execute(recipe.Run(), _ => { }, CancellationToken.None));
            return outcome.Times.Max(time => time.PeakMemory);
        }

        // What every run needs once.
        Peak(10, 1);
        var (large, small, again) = (Peak(6000, 2), Peak(10, 3), Peak(6000, 4));
        // A batch of inputs alone is 19 MB more.
        Assert.InRange(large - small, 6000 * 784 * 4L, long.MaxValue);
        Assert.InRange(again - large, -0.25 * (large - small), 0.25 * (large - small));
    }
}
