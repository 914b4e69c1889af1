namespace Freeze.Runtime.Data.Pictures;

/// <summary>
/// Any folder of pictures: `train/CLASS/**` and `test/CLASS/**`, or `val` where there is no `test`; files that end in
/// .png, .jpg or .jpeg, in any case. The classes are the folders in `train`, in ordinal order, and files come in the
/// ordinal order of their paths. What begins with a dot and what ends otherwise is passed over. A symbolic link
/// below the folder is refused: it may lead out of it, or round in a circle.
/// </summary>
public static class ImageFolder
{
    /// <summary>The largest square that pictures are brought to.</summary>
    public const int LargestSize = 1024;

    private const int MostFiles = 5_000_000;
    private const int Deepest = 32;

    private static readonly string[] Endings = [".png", ".jpg", ".jpeg"];

    /// <summary>What a folder holds, classes and counts included; no picture is opened.</summary>
    /// <exception cref="DataException">It has another layout, or is larger than any that is read.</exception>
    public static ImageListing List(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        var files = new FileList(root);
        var classes = Classes(root, "train");
        for (var label = 0; label < classes.Length; label++)
        {
            files.Add($"train/{classes[label]}", label, 0);
        }

        var training = files.Take("train");
        var judged = Directory.Exists(Path.Combine(root, "test")) ? "test" : "val";
        foreach (var name in Classes(root, judged))
        {
            var label = Array.BinarySearch(classes, name, StringComparer.Ordinal);
            if (label < 0)
            {
                throw Refused(root, $"{judged}/{name} is a class that train lacks");
            }

            files.Add($"{judged}/{name}", label, 0);
        }

        var test = files.Take(judged);
        if (classes.Except(training.Select(file => classes[file.Label])).FirstOrDefault() is { } empty)
        {
            throw Refused(root, $"train/{empty} holds no picture");
        }

        return new ImageListing(root, classes, training, test);
    }

    /// <summary>
    /// Both parts of a listing, each picture brought to a square, by way of the cache. The caller disposes their pixels.
    /// </summary>
    /// <param name="size">Rows and columns, 1 to <see cref="LargestSize"/>.</param>
    /// <exception cref="DataException">A picture cannot be used.</exception>
    internal static (RawImages Training, RawImages Test) Read(ImageListing listing, int size, DecodedCache decoded) =>
        size is >= 1 and <= LargestSize
            ? decoded.Read("folder", listing, new Square(size, MayScale: true))
            : throw new DataException(
                $"pictures of {size} x {size} are not made", $"choose a size from 1 to {LargestSize}");

    /// <summary>The files right in a folder that end in one of some ways, in any case, in ordinal order.</summary>
    /// <exception cref="DataException">One is a link, or empty, or too large for a picture.</exception>
    internal static IEnumerable<FileInfo> Pictures(DirectoryInfo folder, params IEnumerable<string> endings) => folder
        .EnumerateFiles()
        .Where(file => IsSeen(file) && endings.Contains(file.Extension, StringComparer.OrdinalIgnoreCase))
        .Take(MostFiles + 1)
        .Select(Sound)
        .OrderBy(file => file.Name, StringComparer.Ordinal);

    private static string[] Classes(string root, string part)
    {
        var folder = new DirectoryInfo(Path.Combine(root, part));
        if (!folder.Exists)
        {
            throw Refused(root, $"it has no folder {part}");
        }

        if (Pictures(Unlinked(folder), Endings).FirstOrDefault() is { } loose)
        {
            throw Refused(root, $"{part}/{loose.Name} lies in no class's folder");
        }

        string[] classes =
        [
            .. folder.EnumerateDirectories().Where(IsSeen).Select(inner => Unlinked(inner).Name)
                .Take(ImageListing.MostClasses + 1).Order(StringComparer.Ordinal),
        ];
        return classes.Length is > 0 and <= ImageListing.MostClasses
            ? classes
            : throw Refused(root, classes.Length == 0
                ? $"{part} holds no folders, and each would be a class"
                : $"{part} holds more than {ImageListing.MostClasses} folders, and each is a class");
    }

    private static bool IsSeen(FileSystemInfo entry) => !entry.Name.StartsWith('.');

    private static T Unlinked<T>(T entry)
        where T : FileSystemInfo => entry.LinkTarget is null
            ? entry
            : throw Refused(entry.FullName, "it is a symbolic link, and those are not followed");

    // Pipes and devices have no length either.
    private static FileInfo Sound(FileInfo file) => Unlinked(file).Length switch
    {
        0 => throw PictureFile.Refused(file.FullName, "it is empty"),
        > PictureFile.LargestFile => throw PictureFile.Refused(
            file.FullName, $"it has {file.Length} bytes, and {PictureFile.LargestFile >> 20} MiB are the most"),
        _ => file,
    };

    private static DataException Refused(string folder, string reason) => new(
        $"{folder} cannot be read as a folder of pictures: {reason}",
        "it must hold train/CLASS/… and test/CLASS/… (or val/CLASS/…) with .png, .jpg and .jpeg files");

    // The files of one part after the other; the bound is on all.
    private sealed class FileList(string root)
    {
        private readonly List<ImageFile> files = [];
        private int total;

        public void Add(string below, int label, int depth)
        {
            var folder = new DirectoryInfo(Path.Combine(root, below));
            if (depth > Deepest)
            {
                throw Refused(root, $"{below} lies deeper than {Deepest} folders");
            }

            foreach (var file in Pictures(folder, Endings))
            {
                if (++total > MostFiles)
                {
                    throw Refused(root, $"it holds more than {MostFiles} pictures");
                }

                files.Add(new ImageFile($"{below}/{file.Name}", file.Length, label));
            }

            foreach (var inner in folder.EnumerateDirectories().Where(IsSeen))
            {
                Add($"{below}/{Unlinked(inner).Name}", label, depth + 1);
            }
        }

        public ImageFile[] Take(string part)
        {
            var taken = files.OrderBy(file => file.Path, StringComparer.Ordinal).ToArray();
            files.Clear();
            return taken.Length > 0 ? taken : throw Refused(root, $"{part} holds no picture");
        }
    }
}
