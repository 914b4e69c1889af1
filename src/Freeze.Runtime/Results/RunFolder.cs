using System.Text;
using Freeze.Runtime.Nets;
using static TorchSharp.torch;

namespace Freeze.Runtime.Results;

/// <summary>
/// The folder of one run while it is being trained: plan.json, metrics.jsonl (a line an epoch), last.safetensors
/// and, last of all, result.json. Its owner has claimed it.
/// </summary>
internal sealed class RunFolder : IDisposable
{
    private readonly string folder;
    private readonly FileStream metrics;

    /// <summary>Begins the records of a run anew, with its plan.</summary>
    public RunFolder(string folder, Run run)
    {
        this.folder = folder;
        // A result that is still there is damaged, else the run would not be trained.
        File.Delete(PathOf("result.json"));
        WholeFile.Write(PathOf("plan.json"), PlanFile.ofRun(run));
        // What an unfinished attempt had written is of no use: the run starts anew.
        metrics = new FileStream(PathOf("metrics.jsonl"), FileMode.Create, FileAccess.Write, FileShare.Read);
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
        using var scope = NewDisposeScope();
        using var still = no_grad();
        var state = weights.State().ToArray();
        WholeFile.Write(PathOf("last.safetensors"), stream => Safetensors.Write(stream, state));
    }

    /// <summary>Writes the result: from now on the run is finished.</summary>
    public void Finish(RunResult result)
    {
        // Before the result, so that no finished run has word of a failure beside it.
        File.Delete(PathOf("failure.json"));
        WholeFile.Write(PathOf("result.json"), Json.toText(result) + "\n");
    }

    /// <summary>Leaves word of a failure.</summary>
    public void Fail(RunFailure failure) => WholeFile.Write(PathOf("failure.json"), Json.toText(failure) + "\n");

    /// <summary>Closes the records.</summary>
    public void Dispose() => metrics.Dispose();

    private string PathOf(string file) => Path.Combine(folder, file);
}
