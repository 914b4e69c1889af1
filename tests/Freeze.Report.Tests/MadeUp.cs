using Freeze.Language;

namespace Freeze.Report.Tests;

/// <summary>Files and records that nothing has trained.</summary>
internal static class MadeUp
{
    public static ReportFile File(string text, Func<Run, int, RunRecords> records, string path = "made-up.frz")
    {
        var analysis = Compile.analyse(Compile.defaults, new Source(path, text, 0));
        Assert.DoesNotContain(analysis.Diagnostics, DiagnosticModule.isError);
        return new ReportFile(path, text, "", "", analysis.Report, [.. analysis.Runs.Select(records)]);
    }

    /// <summary>A run that has got better with every epoch, and ended.</summary>
    public static RunRecords Finished(Run run, int number)
    {
        var hash = Address.ofRecipe(run.Recipe);
        var key = RandomStream.Key(number, "made up");
        double Accuracy(int epoch, double most) => most - (0.4 / epoch) + (0.02 * RandomStream.Unit(key, epoch));
        var epochs = Enumerable.Range(1, run.Recipe.Epochs)
            .Select(epoch => new EpochRecord(epoch, 2.0 / epoch, Accuracy(epoch, 0.97), 2.2 / epoch, Accuracy(epoch, 0.95)))
            .ToArray();
        var start = new DateTime(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc).AddMinutes(10 * number);
        var times = epochs
            .Select(epoch => new EpochTime(epoch.Epoch, 1 + RandomStream.Unit(key, 1000 + epoch.Epoch), 500, start.AddSeconds(epoch.Epoch).ToString("O"), "machine", 2, "", 400_000_000 + (epoch.Epoch * 1_000_000L)))
            .ToArray();
        var counts = CountsModule.ofWeights(run.Recipe.Weights);
        var result = new RunResult(
            hash, run.Name, epochs, 0.1, epochs[^1].ValidationAccuracy - 0.01, epochs.Max(epoch => epoch.ValidationAccuracy),
            Best(run, epochs), LearningRecord.Together, counts,
            counts.Fixed + counts.Zero, 2, "Freeze 0, libtorch 0");
        var layers = run.Recipe.Weights.Where(plan => plan.Treatment.IsTrained && !plan.Weight.IsBias).Select(plan => plan.Weight.Layer);
        return new RunRecords(run, hash, epochs, times, result, null, [], [])
        {
            Sizes = [.. epochs.Select(epoch => new WeightRecord(epoch.Epoch, [.. layers.Select(layer => new LayerSize(layer, 0.1 * epoch.Epoch, 0.01, 3))]))],
            Machines = [new MachineRecord("machine", "Processor 7")],
        };
    }

    /// <summary>A run that learned stage by stage; of each stage the last candidate was kept.</summary>
    public static RunRecords Staged(Run run, int number)
    {
        var finished = Finished(run, number);
        var result = finished.Result!;
        StageRecord[] stages =
        [
            .. ((Learning.StageByStage)run.Recipe.Learning).Candidates.Select((tried, stage) => new StageRecord(
                run.Recipe.Net.Stages[stage].Name,
                Stages.address(run.Recipe, stage + 1),
                [.. tried.Select(optimizer => new CandidateRecord(optimizer, [], finished.Epochs, ""))],
                tried.Length - 1,
                "")),
        ];
        return finished with
        {
            Result = new RunResult(
                result.Hash, result.Name, result.Epochs, result.TestLoss, result.TestAccuracy, result.BestValidationAccuracy,
                result.Best, LearningRecord.NewStageByStage(stages), result.Counts, result.StillVerified, result.Threads, result.Versions),
        };
    }

    private static BestRecord Best(Run run, EpochRecord[] epochs) => run.Recipe.Keep.IsBest
        ? BestRecord.NewKept(EpochRecordModule.best(epochs).Epoch, 0.1, 0.9, 0, "")
        : BestRecord.NotKept;

    public static RunRecords Missing(Run run, int number) =>
        Finished(run, number) with { Epochs = [], Times = [], Result = null };
}
