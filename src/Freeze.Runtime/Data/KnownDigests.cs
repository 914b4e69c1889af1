using System.Security.Cryptography;
using System.Text;

namespace Freeze.Runtime.Data;

/// <summary>
/// Digests that were computed before, in a small file for each data set. A digest is trusted while every file of the set keeps
/// its stamp (<see cref="FileStamp"/>).
/// </summary>
/// <param name="folder">Their folder.</param>
/// <param name="note">Receives notes on slow work.</param>
internal sealed class KnownDigests(string folder, Action<string> note)
{
    /// <summary>The digest of some files' content.</summary>
    /// <param name="name">What the user calls it, and its place: the key of the stored digest.</param>
    /// <param name="files">The paths of all files that it depends on.</param>
    /// <param name="compute">Computes it.</param>
    /// <param name="anew">Whether to read the files again although their digest is known.</param>
    public string Of(string name, IReadOnlyList<string> files, Func<string> compute, bool anew = false)
    {
        var path = Path.Combine(folder, $"{Sum(name)[..16]}.txt");
        var stamps = Stamps(files);
        if (!anew && Known(path) is [var stamped, var known, ..] && stamped == stamps)
        {
            return known;
        }

        note($"reading {files.Count} {(files.Count == 1 ? "file" : "files")} of {name} once, to identify its content");
        var digest = compute();
        // If files changed meanwhile, it is unknown which content was read.
        if (Stamps(files) == stamps)
        {
            Keep(path, $"{stamps}\n{digest}\n{name}\n");
        }

        return digest;
    }

    private static string[] Known(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllLines(path) : [];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    // If the cache cannot be written, only time is lost.
    private static void Keep(string path, string text)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            WholeFile.Write(path, text);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
        }
    }

    private static string Stamps(IReadOnlyList<string> files) =>
        Sum(string.Concat(files.Select(file => $"{file}\0{FileStamp.Of(file)}\0")));

    private static string Sum(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
