using Freeze.Runtime.Data.Pictures;

namespace Freeze.Runtime.Data;

/// <summary>The files of a data set, and how to read its two parts from a folder.</summary>
/// <param name="Name">The set's name in <see cref="DataSets"/>.</param>
/// <param name="Files">The published names.</param>
/// <param name="Endings">Possible endings of a name; the first that is found is used.</param>
internal abstract record SetFiles(string Name, IReadOnlyList<string> Files, IReadOnlyList<string> Endings)
{
    /// <summary>Every set that <see cref="DataSets"/> names.</summary>
    public static IReadOnlyList<SetFiles> All { get; } =
    [
        new IdxSet(
            "mnist",
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
        new IdxSet(
            "mnist-sample",
            "2782ff6f3467f3487a520503c34fe99b761aa97623af029969e59716ac3585c3",
            "0d830540a6191e75a9f5cd63cd5b4bde38960b893784bbf456d560179296d7cd",
            "de7c252b04f05e1f8309634180ccdf286dc6dbac8c579b74e76e02ae0331ca52",
            "832c0d20f0dc42e575488c75a83a970787d4c8d4d05831b2ef03701b4a478a90"),
        new IdxSet(
            "fashion-mnist",
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
        new CifarSet("cifar10", CifarLabels.Ten, CifarLayout.Ten),
        new CifarSet("cifar100", CifarLabels.Fine, CifarLayout.Hundred),
        new CifarSet("cifar100-coarse", CifarLabels.Coarse, CifarLayout.Hundred),
        new CifarSet("cifar100-sample", CifarLabels.Fine, CifarLayout.Hundred[..1], IsSample: true),
        new CifarSet("cifar100-coarse-sample", CifarLabels.Coarse, CifarLayout.Hundred[..1], IsSample: true),
        new TinyImageNetSet("tiny-imagenet", IsSample: false),
        new TinyImageNetSet("tiny-imagenet-sample", IsSample: true),
        new SyntheticSet(),
    ];

    /// <summary>The name of a folder for this set; sets that read the same files share it.</summary>
    public virtual string Folder => Name;

    /// <summary>The published names of the archives that a user may bring, each with one layout.</summary>
    public virtual IReadOnlyList<string> Archives => [];

    /// <summary>The files of each published layout; one complete layout is enough.</summary>
    public virtual IReadOnlyList<IReadOnlyList<string>> Layouts => [Files];

    /// <summary>The first folder with the whole set, else the first with its files, or null.</summary>
    public virtual string? Locate(IEnumerable<string> folders)
    {
        string[] holding = [.. folders.Where(IsIn)];
        return Array.Find(holding, IsWhole) ?? holding.FirstOrDefault();
    }

    /// <summary>Whether a folder holds every file, compressed or not.</summary>
    public virtual bool IsIn(string folder) => Files.All(file => TryFind(folder, file) is not null);

    /// <summary>Whether a folder with every file holds the set's number of images; no file is opened.</summary>
    public virtual bool IsWhole(string folder) => true;

    /// <summary>Whether only the published files are accepted, so that every copy has the same content.</summary>
    public virtual bool IsAlwaysPublished => false;

    /// <summary>The paths of all files that provide images and labels.</summary>
    public virtual IReadOnlyList<string> Paths(string folder) => [.. Files.Select(file => Find(folder, file))];

    /// <summary>The digest of the images and labels in a folder: the set's own for the published files.</summary>
    /// <exception cref="DataException">A file is damaged.</exception>
    public abstract string Digest(string folder);

    /// <summary>Reads the training and the test part, and verifies them as far as their layout allows.</summary>
    /// <param name="folder">The result of <see cref="Locate"/>.</param>
    /// <param name="decoded">Keeps decoded images.</param>
    /// <param name="digest">Returns the digest of the folder's content.</param>
    public abstract (RawImages Training, RawImages Test) Read(string folder, DecodedCache decoded, Func<string> digest);

    /// <summary>The set's description, known without opening it.</summary>
    public DataSet Set => DataSets.all.Single(set => set.Name == Name);

    /// <summary>The path of a file that <see cref="IsIn"/> has found.</summary>
    protected string Find(string folder, string file) =>
        TryFind(folder, file) ?? throw new DataException($"{file} has disappeared from {folder}", "put it back");

    private string? TryFind(string folder, string file) =>
        Endings.Select(ending => Path.Combine(folder, file + ending)).FirstOrDefault(File.Exists);
}

/// <summary>A set whose files hold the bytes of its images.</summary>
internal abstract record ByteFiles(string Name, IReadOnlyList<string> Files, IReadOnlyList<string> Endings)
    : SetFiles(Name, Files, Endings)
{
    public override string Digest(string folder)
    {
        var (training, test) = Read(folder);
        return ContentDigest.Of(Set, training, test);
    }

    public override (RawImages Training, RawImages Test) Read(string folder, DecodedCache decoded, Func<string> digest) =>
        Read(folder);

    protected abstract (RawImages Training, RawImages Test) Read(string folder);
}

/// <summary>A set in four idx files, verified by the SHA-256 of each when decompressed.</summary>
/// <param name="Sums">The sums, in the order of the names.</param>
internal sealed record IdxSet(string Name, params IReadOnlyList<string> Sums) : ByteFiles(Name, Names, ["", ".gz"])
{
    /// <summary>The published names.</summary>
    public static readonly string[] Names =
    [
        "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
    ];

    public override bool IsAlwaysPublished => true;

    protected override (RawImages Training, RawImages Test) Read(string folder)
    {
        RawImages Part(int first, int count) => new(
            IdxFile.Read(Find(folder, Names[first]), [count, Set.Image[1], Set.Image[2]], Sums[first]),
            IdxFile.ReadLabels(Find(folder, Names[first + 1]), count, Set.Classes, Sums[first + 1]));
        return (Part(0, Set.TrainingImages), Part(2, Set.TestImages));
    }
}

/// <summary>Tiny-ImageNet, or its first classes and images; layout and counts are verified.</summary>
/// <param name="IsSample">Whether the folder holds fewer classes than the whole set, in the same layout.</param>
internal sealed record TinyImageNetSet(string Name, bool IsSample) : SetFiles(Name, TinyImageNet.Files, [""])
{
    // As with CIFAR-100, a whole set with other counts is reported as damaged.
    public override bool IsIn(string folder) =>
        base.IsIn(folder) && (!IsSample || TinyImageNet.Holds(folder, Set.Classes));

    public override bool IsWhole(string folder) => TinyImageNet.IsWhole(folder, Set);

    public override IReadOnlyList<string> Paths(string folder)
    {
        var listing = TinyImageNet.List(folder, Set);
        return
        [
            .. base.Paths(folder),
            .. listing.Training.Concat(listing.Test).Select(file => Path.Combine(listing.Folder, file.Path)),
        ];
    }

    public override string Digest(string folder) => ContentDigest.Of(TinyImageNet.List(folder, Set));

    public override (RawImages Training, RawImages Test) Read(string folder, DecodedCache decoded, Func<string> digest) =>
        decoded.Read(Name, TinyImageNet.List(folder, Set), digest(), new Square(TinyImageNet.Size, MayScale: false));
}
