using Xunit;

namespace Freeze.Kernels.Tests;

public sealed class OldLibstdcxxTests
{
    private static readonly string? Path =
        LibraryFolders.Find("libLibTorchSharp.so", "LibTorchSharp", "linux-x64") is { } folder
            ? System.IO.Path.Combine(folder, "libLibTorchSharp.so")
            : null;

    [Fact]
    public void OneBitOfTheCopyDiffers()
    {
        Assert.SkipWhen(Path is null, "TorchSharp's library for Linux is not here");
        var original = File.ReadAllBytes(Path!);

        var copy = OldLibstdcxx.WithOptional(original);

        Assert.NotNull(copy);
        var differing = Assert.Single(Enumerable.Range(0, original.Length), i => original[i] != copy[i]);
        Assert.Equal(2, original[differing] ^ copy[differing]);
    }

    [Fact]
    public void AVersionThatCodeNeedsIsNotMadeOptional()
    {
        Assert.SkipWhen(Path is null, "TorchSharp's library for Linux is not here");

        Assert.Throws<InvalidDataException>(() => OldLibstdcxx.WithOptional(File.ReadAllBytes(Path!), "GLIBCXX_3.4"));
    }

    [Fact]
    public void WithoutTheVersionThereIsNothingToDo()
    {
        Assert.SkipWhen(Path is null, "TorchSharp's library for Linux is not here");

        Assert.Null(OldLibstdcxx.WithOptional(File.ReadAllBytes(Path!), "GLIBCXX_9.9"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(5000)]
    public void AFileThatIsNoLibraryIsRefused(int length) =>
        Assert.Throws<InvalidDataException>(() => OldLibstdcxx.WithOptional(new byte[length]));

    [Fact]
    public void ALibraryThatIsCutShortIsRefused()
    {
        Assert.SkipWhen(Path is null, "TorchSharp's library for Linux is not here");

        Assert.Throws<InvalidDataException>(() => OldLibstdcxx.WithOptional(File.ReadAllBytes(Path!)[..4096]));
    }
}
