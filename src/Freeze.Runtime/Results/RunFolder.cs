using System.Text;
using Freeze.Runtime.Nets;

namespace Freeze.Runtime.Results;

/// <summary>
/// The folder of one run, named by its hash: plan.json, metrics.jsonl (a line an epoch), last.safetensors and,
/// last of all, result.json. While it is open no other process trains the same run.
/// </summary>
internal sealed class RunFolder : IDisposable
{
    private readonly FileStream claim;
    private readonly FileStream metrics;

    private RunFolder(string folder, FileStream claim)
    {
        Folder = folder;
        this.claim = claim;
        // What an unfinished attempt had written is of no use: the run starts anew.
        metrics = new FileStream(Path.Combine(folder, "metrics.jsonl"), FileMode.Create, FileAccess.Write, FileShare.Read);
    }

    /// <summary>Where it lies.</summary>
    public string Folder { get; }

    /// <summary>The result of a finished run; null where there is none, or where it cannot be read.</summary>
    public static RunResult? TryReadResult(string store, string hash)
    {
        var path = Path.Combine(store, hash, "result.json");
        try
        {
            return File.Exists(path) ? Json.ofText<RunResult>(File.ReadAllText(path)) : null;
        }
        catch (Json.JsonMismatch)
        {
            return null;
        }
    }

    /// <summary>Claims a run's folder, which is made where it is missing, and writes its plan.</summary>
    /// <exception cref="RunException">Another process has claimed it.</exception>
    public static RunFolder Open(string store, Run run, string hash)
    {
        var folder = Directory.CreateDirectory(Path.Combine(store, hash)).FullName;
        var claim = Claim(folder);
        try
        {
            WholeFile.Write(Path.Combine(folder, "plan.json"), PlanFile.ofRun(run));
            File.Delete(Path.Combine(folder, "failure.json"));
            return new RunFolder(folder, claim);
        }
        catch
        {
            claim.Dispose();
            throw;
        }
    }

    /// <summary>Appends an epoch's line and waits for the disk.</summary>
    public void Append(EpochRecord record)
    {
        metrics.Write(Encoding.UTF8.GetBytes(Json.toText(record) + "\n"));
        metrics.Flush(flushToDisk: true);
    }

    /// <summary>Writes all weights and running statistics.</summary>
    public void WriteWeights(WeightTable weights)
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        using var still = TorchSharp.torch.no_grad();
        var state = weights.State().ToArray();
        WholeFile.Write(Path.Combine(Folder, "last.safetensors"), stream => Safetensors.Write(stream, state));
    }

    /// <summary>Writes the result: from now on the run is finished.</summary>
    public void Finish(RunResult result) => WholeFile.Write(Path.Combine(Folder, "result.json"), Json.toText(result) + "\n");

    /// <summary>Leaves word of a failure.</summary>
    public void Fail(RunFailure failure) =>
        WholeFile.Write(Path.Combine(Folder, "failure.json"), Json.toText(failure) + "\n");

    /// <summary>Gives the claim back.</summary>
    public void Dispose()
    {
        metrics.Dispose();
        claim.Dispose();
    }

    // The system drops the claim with the process, however that ends.
    private static FileStream Claim(string folder)
    {
        var path = Path.Combine(folder, "claim");
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error) when (File.Exists(path) && error is not (FileNotFoundException or DirectoryNotFoundException))
        {
            throw new RunException(
                "another process is training this run",
                "wait for it, or train into another store with --store",
                error);
        }
    }
}
