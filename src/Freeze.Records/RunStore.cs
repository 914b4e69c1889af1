using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Freeze.Records;

/// <summary>
/// A folder of runs, each in a folder named by its hash. Any number of processes on any number of machines may share it. Several
/// threads may read it; only one may claim and remove runs.
/// </summary>
public sealed partial class RunStore
{
    // When this process first saw a claim in its current state: clocks of other machines are not trusted, and ours may jump.
    private readonly Dictionary<string, (DateTime Touched, long Since)> seen = [];

    /// <summary>The store in a folder, which need not exist.</summary>
    /// <exception cref="RunException">The store has a format that this Freeze does not know.</exception>
    public RunStore(string root)
    {
        StoreFormat.Demand(root);
        Folder = root;
    }

    /// <summary>The folder, which need not exist.</summary>
    public string Folder { get; }

    /// <summary>The folder of a run.</summary>
    public string FolderOf(string hash) => Path.Combine(Folder, hash);

    /// <summary>The files of a run.</summary>
    public RunFiles FilesOf(string hash) => new(FolderOf(hash));

    /// <summary>The stages that runs of this store share, each in a folder named by its address.</summary>
    public RunStore Stages() => new(FolderOf("stages"));

    /// <summary>The hashes of all runs that have a folder in the store, in order.</summary>
    public string[] Hashes() => Directory.Exists(Folder)
        ? [.. Directory.EnumerateDirectories(Folder).Select(Path.GetFileName).OfType<string>().Where(IsHash).Order(StringComparer.Ordinal)]
        : [];

    /// <summary>Writes the last weights of a finished run to a file, whole or not at all.</summary>
    public void Export(string hash, string path) => WholeWeights.Copy(FilesOf(hash).WeightsPath, path);

    /// <summary>As above, for the weights of its best epoch, which have this SHA-256.</summary>
    /// <exception cref="InvalidDataException">The store's file has another SHA-256: it is damaged.</exception>
    public void ExportBest(string hash, string digest, string path)
    {
        var best = FilesOf(hash).BestPath;
        if (Safetensors.Digest(best) != digest)
        {
            throw new InvalidDataException($"{best} is damaged: its SHA-256 is not the one in the run's result");
        }

        WholeWeights.Copy(best, path);
    }

    /// <summary>The runs that a longer run may continue from, with their planned numbers of epochs.</summary>
    public IReadOnlyDictionary<string, int> Ends() => Hashes()
        .Where(hash => FilesOf(hash) is { IsFinished: true } files && File.Exists(files.EndPath))
        .Select(hash => (Hash: hash, Epochs: PlannedEpochs(hash)))
        .Where(run => run.Epochs > 0)
        .ToDictionary(run => run.Hash, run => run.Epochs);

    /// <summary>The size in bytes of the data that a longer run needs to continue from a finished one.</summary>
    public long EndSize(string hash) => new FileInfo(FilesOf(hash).EndPath).Length;

    /// <summary>Removes that data, and nothing else.</summary>
    public void RemoveEnd(string hash) => File.Delete(FilesOf(hash).EndPath);

    /// <summary>Writes the weights of a member of a finished ensemble to a file, whole or not at all.</summary>
    /// <param name="hash">The ensemble's hash.</param>
    /// <param name="run">The ensemble.</param>
    /// <param name="member">The number of the member, from 1.</param>
    /// <param name="learned">Whether to write only the member's trained weights, instead of all.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="RunException">The net that it started from is missing or has changed.</exception>
    public void ExportMember(string hash, Run run, int member, bool learned, string path)
    {
        ArgumentNullException.ThrowIfNull(run);
        var own = FilesOf(hash).Member(member);
        var after = ((Learning.Ensemble)run.Recipe.Learning).After;
        var start = FilesOf(Address.ofRecipe(Ensembles.start(run.Recipe, after))).WeightsPath;
        if (!learned && (!File.Exists(start) || own.ReadMember() != Safetensors.Digest(start)))
        {
            throw new RunException(
                "the weights that the members started from are no longer in the store, or have changed",
                "export what the member has learned, with --learned");
        }

        if (!File.Exists(own.WeightsPath))
        {
            throw new RunException($"the weights of member {member} are gone: there is no {own.WeightsPath}", "train the ensemble again");
        }

        if (learned)
        {
            WholeWeights.Copy(own.WeightsPath, path);
        }
        else
        {
            WholeFile.Write(path, stream => MemberWeights.Write(stream, run.Recipe, start, own.WeightsPath));
        }
    }

    /// <summary>
    /// A recipe that refers to its base run's file; unchanged if it has no base, or if the base is not in the store.
    /// </summary>
    public Recipe Resolved(Recipe recipe) =>
        OriginOf(recipe) is { } origin ? Origins.resolved(origin.Path, origin.Digest, recipe) : recipe;

    /// <summary>The weights that a recipe starts from; null if there are none, or they are not in the store.</summary>
    internal RunOrigin? OriginOf(Recipe recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        if (recipe.From is not Origin.Run { Base: var before })
        {
            return null;
        }

        var address = Address.ofRecipe(before.Recipe);
        var path = Path.GetFullPath(FilesOf(address).WeightsPath);
        return FilesOf(address).IsFinished && File.Exists(path) ? new RunOrigin(address, path, Safetensors.Digest(path)) : null;
    }

    /// <summary>The total size of a run's files in bytes.</summary>
    public long Size(string hash) =>
        new DirectoryInfo(FolderOf(hash)).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

    /// <summary>Removes a run that no process is running. Returns null on success, otherwise the reason.</summary>
    public string? Remove(string hash)
    {
        var folder = new DirectoryInfo(FolderOf(hash));
        if (!IsHash(hash) || folder.LinkTarget is not null)
        {
            return "it is not the folder of a run";
        }

        var members = folder.EnumerateDirectories().ToArray();
        if (!Array.TrueForAll(members, IsMember))
        {
            return "it contains a folder that is not Freeze's";
        }

        using (var claim = Claim(hash, out var heldBy))
        {
            if (claim is null)
            {
                return $"running on {heldBy}";
            }

            // The result first: if the removal is killed, what remains must not look like a finished run.
            File.Delete(FilesOf(hash).ResultPath);
            foreach (var file in FilesOf(hash).List())
            {
                file.Delete();
            }

            foreach (var member in members)
            {
                member.Delete(recursive: true);
            }
        }

        try
        {
            folder.Delete(recursive: false);
        }
        catch (IOException) when (folder.Exists)
        {
            // Another process has just restarted the run.
        }

        return null;
    }

    // Whether a folder belongs to a member of an ensemble.
    private static bool IsMember(DirectoryInfo folder) =>
        folder.LinkTarget is null && MemberName().IsMatch(folder.Name) && !folder.EnumerateDirectories().Any();

    [GeneratedRegex("^member-[0-9]+$")]
    private static partial Regex MemberName();

    /// <summary>
    /// Removes the failure of a run, so that it is tried again. If a process is running it, that process decides.
    /// </summary>
    public void ForgetFailure(string hash)
    {
        using var claim = Claim(hash, out _);
        if (claim is not null)
        {
            File.Delete(FilesOf(hash).FailurePath);
        }
    }

    /// <summary>The result of a finished run and its times, or null. Reports an unreadable result and returns null.</summary>
    internal RunOutcome? Finished(string hash, Action<string> note)
    {
        var files = FilesOf(hash);
        if (!files.IsFinished)
        {
            return null;
        }

        try
        {
            var result = Json.ofText<RunResult>(File.ReadAllText(files.ResultPath));
            if (result.Hash == hash)
            {
                files.ForgetCheckpoints();
                return RunOutcome.NewAlready(result, [.. JsonLines.Read<EpochTime>(files.TimesPath)]);
            }

            note($"{files.ResultPath} is the result of run {result.Hash}: this run starts again");
        }
        catch (Json.JsonMismatch error)
        {
            note($"{files.ResultPath} is damaged ({error.message}): the run starts again");
        }

        return null;
    }

    /// <summary>Removes the result of a run whose weights can no longer be read, so that it is trained again.</summary>
    internal void ForgetUnreadable(string hash, Action<string> note)
    {
        var files = FilesOf(hash);
        if (!files.IsFinished || WholeWeights.IsWhole(files.WeightsPath))
        {
            return;
        }

        using var claim = Claim(hash, out _);
        if (claim is not null)
        {
            File.Delete(files.ResultPath);
            note($"the weights of run {hash} cannot be read whole any more: it is trained anew");
        }
    }

    /// <summary>The failure of a run's last attempt, or null.</summary>
    internal RunOutcome? Failed(string hash) =>
        FilesOf(hash).ReadFailure() is { } failure ? RunOutcome.NewFailedBefore(failure) : null;

    /// <summary>
    /// Keeps other processes off a run until disposed, or tells which process holds it. Creates the run's folder if necessary.
    /// </summary>
    internal Claim? Claim(string hash, out string heldBy)
    {
        var folder = Directory.CreateDirectory(FolderOf(hash)).FullName;
        StoreFormat.Mark(Folder);
        try
        {
            return Records.Claim.Try(folder, IsStale, out heldBy);
        }
        catch (DirectoryNotFoundException)
        {
            // freeze gc has just removed it as an unreferenced run: the caller may ask again.
            heldBy = "freeze gc";
            return null;
        }
    }

    private bool IsStale(string claim)
    {
        var touched = File.GetLastWriteTimeUtc(claim);
        if (!seen.TryGetValue(claim, out var before) || before.Touched != touched)
        {
            seen[claim] = before = (touched, Stopwatch.GetTimestamp());
        }

        return Stopwatch.GetElapsedTime(before.Since) > Records.Claim.Lease;
    }

    /// <summary>Whether a name has the form of a run's folder.</summary>
    internal static bool IsHash(string? name) =>
        name is { Length: 16 } && name.All(letter => char.IsAsciiDigit(letter) || letter is >= 'a' and <= 'f');
}
