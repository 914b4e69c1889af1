using System.Security.Cryptography;
using System.Text.Json;
using Freeze.Runtime.Data;
using Freeze.Runtime.Data.Pictures;

namespace Freeze.Runtime.Tests.Data.Pictures;

/// <summary>The pictures of scripts/fixtures/images.py, and sets put together of them.</summary>
internal static class Fixtures
{
    public static string Root { get; } = Path.Combine(AppContext.BaseDirectory, "fixtures");

    public static string Picture(string name) => Path.Combine(Root, "images", name);

    public static byte[] Bytes(string name) => File.ReadAllBytes(Picture(name));

    public static JsonElement Pillow(string part)
    {
        using var text = JsonDocument.Parse(File.ReadAllText(Path.Combine(Root, "images", "pixels.json")));
        return text.RootElement.GetProperty(part).Clone();
    }

    public static string Sum(byte[] planes) => Convert.ToHexStringLower(SHA256.HashData(planes));

    /// <summary>Two classes with two and one training images and one test image each.</summary>
    public static void Fill(Folder folder)
    {
        folder.Write("train/cat/a.png", Bytes("rgb.png"));
        folder.Write("train/cat/inner/B.JPG", Bytes("sampling2.jpg"));
        folder.Write("train/dog/c.jpeg", Bytes("grey.jpg"));
        folder.Write("test/cat/d.PNG", Bytes("palette.png"));
        folder.Write("test/dog/e.jpg", Bytes("progressive.jpg"));
    }

    /// <summary>Writes another JPEG over one, in place and of the same length: a comment fills it up.</summary>
    public static void Repaint(string path)
    {
        var (length, other) = ((int)new FileInfo(path).Length, Bytes("grey.jpg"));
        var comment = length - other.Length - 2;
        byte[] filled = [.. other[..2], 0xff, 0xfe, (byte)(comment >> 8), (byte)comment, .. new byte[comment - 2], .. other[2..]];
        using var file = new FileStream(path, FileMode.Open);
        file.Write(filled);
    }

    public static byte[][] All(Pixels pixels) =>
        [.. Enumerable.Range(0, (int)pixels.Count).Select(image => pixels.Of(image).ToArray())];

    public static Square Square(int size) => new(size, MayScale: true);
}
