using Freeze.Runtime.Data;
using Xunit;

namespace Freeze.Runtime.Tests.Data;

public sealed class AugmenterTests
{
    // Two images of two channels, 3x4, every pixel of its own value.
    private static readonly int[] Image = [2, 3, 4];
    private static readonly byte[] Pixels = [.. Enumerable.Range(1, 48).Select(i => (byte)i)];

    private static readonly Pixels Images = Freeze.Runtime.Data.Pixels.Of(Pixels, 24);

    private static readonly TestRecipe Recipe =
        new(TestNets.Line) { Augmentations = [Augmentation.NewCrop(2), Augmentation.Flip] };

    [Fact]
    public void EachImageIsAWindowOfItselfInZerosFlippedOrNot()
    {
        var seen = new HashSet<(int, int, bool)>();
        var augmenter = new Augmenter(Recipe.Build(), Image, [9, 9]);
        for (var epoch = 1; epoch <= 400; epoch++)
        {
            var varied = augmenter.Vary(Images, [1], epoch);
            var found = Windows().Where(window => Window(1, window).SequenceEqual(varied)).ToArray();
            Assert.NotEmpty(found);
            seen.UnionWith(found);
        }

        // All of 5 x 5 x 2.
        Assert.Equal(Windows().ToHashSet(), seen);
    }

    [Fact]
    public void WhatBefallsAnImageDependsOnNoOrderAndIsNewInEachEpoch()
    {
        var augmenter = new Augmenter(Recipe.Build(), Image, [9, 9]);
        var both = augmenter.Vary(Images, [0, 1], 3);

        Assert.Equal(both[24..], augmenter.Vary(Images, [1], 3));
        Assert.Equal([.. both[24..], .. both[..24]], augmenter.Vary(Images, [1, 0], 3));
        Assert.Contains(Enumerable.Range(4, 10), epoch => !augmenter.Vary(Images, [0, 1], epoch).SequenceEqual(both));
    }

    [Theory]
    [InlineData("""{"resizedCrop":{"scale":0.3,"ratio":0.5}}""")]
    [InlineData("""{"rotation":{"degrees":30}}""")]
    [InlineData("""{"cutout":{"size":2}}""")]
    public void EachOtherChangeVariesWithImageAndEpochAlone(string change)
    {
        var recipe = Recipe with { Augmentations = [Json.ofText<Augmentation>(change)] };
        var augmenter = new Augmenter(recipe.Build(), Image, [9, 9]);
        Assert.True(augmenter.IsActive);
        var both = augmenter.Vary(Images, [0, 1], 3);

        Assert.Equal([.. both[24..], .. both[..24]], augmenter.Vary(Images, [1, 0], 3));
        Assert.NotEqual(Pixels, both);
        Assert.Contains(Enumerable.Range(4, 10), epoch => !augmenter.Vary(Images, [0, 1], epoch).SequenceEqual(both));
        // As do those of another seed, and of another member.
        Assert.NotEqual(both, new Augmenter((recipe with { Seed = 2 }).Build(), Image, [9, 9]).Vary(Images, [0, 1], 3));
        Assert.NotEqual(both, new Augmenter(recipe.Build(), Image, [9, 9], " of member 2").Vary(Images, [0, 1], 3));
    }

    [Fact]
    public void TheOrderInTheRecipeIsOfNoMatter()
    {
        Augmentation[] several =
            [Augmentation.NewCutout(1), Augmentation.NewRotation(20), Augmentation.Flip, Augmentation.NewResizedCrop(0.5, 0.75)];
        byte[] Varied(IEnumerable<Augmentation> order) =>
            new Augmenter((Recipe with { Augmentations = [.. order] }).Build(), Image, [9, 9]).Vary(Images, [0, 1], 1);
        Assert.Equal(Varied(several), Varied(several.AsEnumerable().Reverse()));
    }

    [Fact]
    public void EachCopyIsOfOneEpochAndAsManyEpochsAsThereAreCopiesSeeEachOnce()
    {
        var plain = new Augmenter(Recipe.Build(), Image, [9, 9]);
        var copies = new Augmenter(
            (Recipe with { Augmentations = [.. Recipe.Augmentations, Augmentation.NewCopies(3)] }).Build(), Image, [9, 9]);
        var choice = new CopyChoice(3, 1, "");
        for (var place = 0; place < 2; place++)
        {
            Assert.Equal([1, 2, 3], Enumerable.Range(5, 3).Select(epoch => choice.Of(place, epoch)).Order());
            for (var epoch = 1; epoch <= 7; epoch++)
            {
                var seen = copies.Vary(Images, [place], epoch);
                Assert.Equal(plain.Vary(Images, [place], choice.Of(place, epoch)), seen);
                Assert.Equal(copies.Copy(Images, [place], choice.Of(place, epoch)), seen);
            }
        }

        // Images do not all begin with the same, nor with another seed.
        int[] Firsts(long seed) => [.. Enumerable.Range(0, 30).Select(place => new CopyChoice(3, seed, "").Of(place, 1))];
        Assert.Equal([1, 2, 3], Firsts(1).Distinct().Order());
        Assert.NotEqual(Firsts(1), Firsts(2));
    }

    [Fact]
    public void WithoutAugmentationNothingVaries() =>
        Assert.False(new Augmenter((Recipe with { Augmentations = [] }).Build(), Image, [9, 9]).IsActive);

    [Fact]
    public void FlipsAloneKeepEveryPixel()
    {
        var augmenter = new Augmenter((Recipe with { Augmentations = [Augmentation.Flip] }).Build(), Image, [9, 9]);
        var flips = Enumerable.Range(1, 1000).Count(epoch => augmenter.Vary(Images, [0], epoch)[0] == 4);
        // Half of them, within four standard errors.
        Assert.InRange(flips, 500 - 64, 500 + 64);
    }

    private static IEnumerable<(int Down, int Right, bool Flip)> Windows() =>
        from down in Enumerable.Range(-2, 5)
        from right in Enumerable.Range(-2, 5)
        from flip in new[] { false, true }
        select (down, right, flip);

    private static byte[] Window(int image, (int Down, int Right, bool Flip) window) =>
    [
        .. from channel in Enumerable.Range(0, 2)
        from y in Enumerable.Range(0, 3)
        from x in Enumerable.Range(0, 4)
        let column = (window.Flip ? 3 - x : x) + window.Right
        let row = y + window.Down
        select row is < 0 or > 2 || column is < 0 or > 3
            ? (byte)0
            : Pixels[(image * 24) + (channel * 12) + (row * 4) + column],
    ];
}
