using System.Security.Cryptography;
using System.Text;

namespace Freeze.Runtime.Data;

/// <summary>
/// Digests that were computed before, a small file for each data set: trusted as long as every file of the set has the
/// stamp (<see cref="FileStamp"/>) that it had then.
/// </summary>
/// <param name="folder">Where they are kept.</param>
/// <param name="note">Is told of what takes time.</param>
internal sealed class KnownDigests(string folder, Action<string> note)
{
    /// <summary>The digest of some files' content.</summary>
    /// <param name="name">What the user calls it, and where it is: what it is kept under.</param>
    /// <param name="files">The paths of all files that it depends on.</param>
    /// <param name="compute">Computes it.</param>
    /// <param name="anew">Whether the files are read again although their digest is known.</param>
    public string Of(string name, IReadOnlyList<string> files, Func<string> compute, bool anew = false)
    {
        var path = Path.Combine(folder, $"{Sum(name)[..16]}.txt");
        var stamps = Stamps(files);
        if (!anew && Known(path) is [var stamped, var known, ..] && stamped == stamps)
        {
            return known;
        }

        note($"reading {files.Count} {(files.Count == 1 ? "file" : "files")} of {name} to know its content, once");
        var digest = compute();
        // Of files that changed meanwhile nobody knows what was read.
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

    // A cache that cannot be written is of no consequence but for the time.
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
