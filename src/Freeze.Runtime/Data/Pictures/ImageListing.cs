using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Freeze.Runtime.Data.Pictures;

/// <summary>A file of a listing.</summary>
/// <param name="Path">Below the listing's folder, its parts separated by `/`.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Label">The place of its class in the listing's classes.</param>
public sealed record ImageFile(string Path, long Length, int Label);

/// <summary>The pictures of a data set, none of which has been opened.</summary>
/// <param name="Folder">What the paths of the files begin at.</param>
/// <param name="Classes">Their names; a label is a place among them.</param>
/// <param name="Training">In the order in which the set has them.</param>
/// <param name="Test">Likewise.</param>
public sealed record ImageListing(
    string Folder, IReadOnlyList<string> Classes, IReadOnlyList<ImageFile> Training, IReadOnlyList<ImageFile> Test)
{
    /// <summary>The most classes that labels of 16 bits tell apart.</summary>
    public const int MostClasses = 1 << 16;

    /// <summary>
    /// SHA-256, in hexadecimal digits, of all classes, paths, lengths and labels in their order: two folders have the
    /// same where they list alike, wherever they are.
    /// </summary>
    public string Digest
    {
        get
        {
            using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            // Neither names nor paths hold a zero, so no two listings read the same.
            void Add(string text) => sum.AppendData(Encoding.UTF8.GetBytes(text + "\0"));
            void AddNumber(long number) => Add(number.ToString(CultureInfo.InvariantCulture));

            AddNumber(Classes.Count);
            foreach (var name in Classes)
            {
                Add(name);
            }

            foreach (var part in new[] { Training, Test })
            {
                AddNumber(part.Count);
                foreach (var file in part)
                {
                    Add(file.Path);
                    AddNumber(file.Length);
                    AddNumber(file.Label);
                }
            }

            return Convert.ToHexStringLower(sum.GetHashAndReset());
        }
    }
}
