using Freeze.Runtime.Data.Pictures;
using Xunit;

namespace Freeze.Runtime.Tests.Data.Pictures;

public sealed class ThumbnailTests : IDisposable
{
    private readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(3, 32, 28)]
    [InlineData(1, 28, 28)]
    [InlineData(2, 5, 7)]
    public void ASmallImageKeepsItsPixels(int channels, int rows, int columns)
    {
        byte[] image = [.. Enumerable.Range(0, channels * rows * columns).Select(i => (byte)((i * 40503) >> 4))];
        var plane = rows * columns;

        var picture = Read(Thumbnail.Of(image, [channels, rows, columns]));

        Assert.Equal((rows, columns), (picture.Height, picture.Width));
        Assert.Equal(channels == 3 ? image : [.. image[..plane], .. image[..plane], .. image[..plane]], picture.Planes);
    }

    [Fact]
    public void OfALargeImageEveryFewPixelsAreTaken()
    {
        byte[] image = [.. Enumerable.Range(0, 3 * 64 * 50).Select(i => (byte)((i * 40503) >> 4))];

        var picture = Read(Thumbnail.Of(image, [3, 64, 50]));

        Assert.Equal((32, 25), (picture.Height, picture.Width));
        Assert.Equal(image[(64 * 50) + (2 * 50) + 4], picture.Planes[(32 * 25) + 25 + 2]);
    }

    private Picture Read(string png) => PictureFile.Read(folder.Write("thumbnail.png", Convert.FromBase64String(png)));
}
