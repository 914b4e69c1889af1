using System.Text.RegularExpressions;

namespace Freeze.Runtime.Data.Pictures;

/// <summary>
/// Tiny-ImageNet in its authors' layout: `wnids.txt` lists the classes in the order of their labels; `train/CLASS/images/*.JPEG`
/// are the training images, class by class, in ordinal order of their names; `val/val_annotations.txt` lists the images in
/// `val/images` with their classes, in the order used here. The test images have no labels and are not read: the images of `val`
/// serve as test images.
/// </summary>
internal static partial class TinyImageNet
{
    /// <summary>Rows and columns of an image.</summary>
    public const int Size = 64;

    private const string ClassFile = "wnids.txt";
    private const string Annotations = "val/val_annotations.txt";
    private const string Ending = ".JPEG";

    // The published files have 2 KB and half a megabyte.
    private const long LargestText = 4 << 20;

    /// <summary>The files that identify a folder of the set.</summary>
    public static readonly string[] Files = [ClassFile, Annotations];

    /// <summary>Whether a folder's class file lists this number of classes; never throws.</summary>
    public static bool Holds(string folder, int classes) =>
        Proves(() => Lines(Path.Combine(folder, ClassFile)).Count() == classes);

    /// <summary>Whether a folder holds the set's number of classes and training images; never throws.</summary>
    public static bool IsWhole(string folder, DataSet set) => Proves(() =>
    {
        var classes = Lines(Path.Combine(folder, ClassFile)).ToArray();
        return classes.Length == set.Classes && classes.All(name => ClassName().IsMatch(name)
            && Pictures(new DirectoryInfo(Path.Combine(folder, $"train/{name}/images"))).Count() == set.TrainingImages / set.Classes);
    });

    private static bool Proves(Func<bool> test)
    {
        try
        {
            return test();
        }
        catch (Exception error) when (error is DataException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>The classes in the order of their labels.</summary>
    /// <exception cref="DataException">The file is damaged or not the expected one.</exception>
    public static string[] Classes(string folder)
    {
        var path = Path.Combine(folder, ClassFile);
        var classes = Lines(path).ToArray();
        for (var i = 0; i < classes.Length; i++)
        {
            if (!ClassName().IsMatch(classes[i]) || Array.IndexOf(classes, classes[i]) < i)
            {
                throw Damaged(path, $"line {i + 1} is not a class such as n01443537, or repeats one");
            }
        }

        return classes;
    }

    /// <summary>The content of a folder, which must have the set's number of images.</summary>
    /// <exception cref="DataException">The number of images or classes is wrong, or a file is damaged.</exception>
    public static ImageListing List(string folder, DataSet set)
    {
        var classes = Classes(folder);
        if (classes.Length != set.Classes)
        {
            throw Damaged(Path.Combine(folder, ClassFile), $"{set.Classes} classes expected, {classes.Length} found");
        }

        var each = set.TrainingImages / set.Classes;
        ImageFile[] training = [.. classes.Index().SelectMany(pair => Training(folder, pair.Item, pair.Index, each))];
        var test = Validation(folder, classes);
        return test.Length == set.TestImages
            ? new ImageListing(folder, classes, training, test, 0)
            : throw Damaged(
                Path.Combine(folder, Annotations), $"{set.TestImages} images expected, {test.Length} found");
    }

    private static DirectoryInfo Inner(string folder, string below)
    {
        var inner = new DirectoryInfo(Path.Combine(folder, below));
        return inner.Exists ? inner : throw Damaged(inner.FullName, "it is missing");
    }

    // In ordinal order; links are skipped, because they may lead anywhere.
    private static IEnumerable<FileInfo> Pictures(DirectoryInfo folder) => folder
        .EnumerateFiles()
        .Where(file => file.LinkTarget is null && file.Extension.Equals(Ending, StringComparison.OrdinalIgnoreCase))
        .OrderBy(file => file.Name, StringComparer.Ordinal);

    private static ImageFile[] Training(string folder, string name, int label, int count)
    {
        var below = $"train/{name}/images";
        var inner = Inner(folder, below);
        var files = Pictures(inner)
            .Select(file => new ImageFile($"{below}/{file.Name}", file.Length, label)).ToArray();
        return files.Length == count
            ? files
            : throw Damaged(inner.FullName, $"{count} images expected, {files.Length} found");
    }

    private static ImageFile[] Validation(string folder, string[] classes)
    {
        var path = Path.Combine(folder, Annotations);
        // Only files in the folder count: a name in the text never becomes a path.
        var there = Pictures(Inner(folder, "val/images")).ToDictionary(file => file.Name, StringComparer.Ordinal);
        var listed = new List<ImageFile>();
        foreach (var (i, line) in Lines(path).Index())
        {
            if (line.Split('\t') is not [var name, var wnid, ..])
            {
                throw Damaged(path, $"line {i + 1} is not an image's name and class");
            }

            var label = Array.IndexOf(classes, wnid);
            if (label < 0)
            {
                throw Damaged(path, $"line {i + 1} has a class that {ClassFile} lacks");
            }

            if (!there.Remove(name, out var file))
            {
                throw Damaged(path, $"line {i + 1} names an image that is not in val/images, or was named before");
            }

            listed.Add(new ImageFile($"val/images/{name}", file.Length, label));
        }

        return there.Count == 0
            ? [.. listed]
            : throw Damaged(path, $"it lacks {there.Keys.Min(StringComparer.Ordinal)}, which is in val/images");
    }

    private static IEnumerable<string> Lines(string path) =>
        new FileInfo(path) is { Exists: true, Length: var length } && length > LargestText
            ? throw Damaged(path, $"it has {length} bytes")
            : File.ReadLines(path).Where(line => line.Length > 0);

    private static DataException Damaged(string path, string reason) => new(
        $"{path} is damaged, or part of another set: {reason}",
        "unpack tiny-imagenet-200.zip again from its authors' archive");

    [GeneratedRegex(@"\An[0-9]{8}\z")]
    private static partial Regex ClassName();
}
