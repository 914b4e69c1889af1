using System.Runtime.InteropServices;
using Freeze.Runtime.Results;
using Freeze.Runtime.Training;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests;

public sealed class RunnerTests : IDisposable
{
    internal static readonly TestRecipe Small = new(TestNets.Small)
    {
        Epochs = 2,
        Rule = weight => weight.Name switch
        {
            "conv1.weight" => Treatment.NewSlice(0, [0, 2], Stillness.Fixed),
            "conv1.bias" => TestNets.Zero,
            "bn.weight" => TestNets.Fixed,
            _ => Treatment.Trained,
        },
    };

    private readonly Folder folder = new();
    private readonly List<Progress> told = [];
    private readonly Sample sample;

    public RunnerTests(Sample sample) => this.sample = sample;

    private static string Hash => Address.ofRecipe(Small.Build());

    public void Dispose() => folder.Dispose();

    [Fact]
    public void CheckpointsThatAKilledProcessHasLeftBesideAResultGo()
    {
        Finished(Execute(Small));
        File.WriteAllText(Place("checkpoint-before.safetensors"), "");

        Assert.True(Execute(Small).IsAlready);

        Assert.False(File.Exists(Place("checkpoint-before.safetensors")));
    }

    [Fact]
    public void AFinishedRunLeavesPlanMetricsWeightsAndResult()
    {
        var result = Finished(Execute(Small));

        Assert.Equal(
            ["confusion.json", "end.safetensors", "last.safetensors", "machines.jsonl", "metrics.jsonl", "plan.json", "result.json", "times.jsonl", "weights.jsonl"],
            Directory.GetFiles(Place()).Select(Path.GetFileName).Order());
        Assert.Equal(PlanFile.ofRun(Small.Run()), File.ReadAllText(Place("plan.json")));
        Assert.Equal(
            result.Epochs, File.ReadAllLines(Place("metrics.jsonl")).Select(line => Json.ofText<EpochRecord>(line)));
        Assert.Equal(result, Json.ofText<RunResult>(File.ReadAllText(Place("result.json"))));
        Assert.Equal([1, 2], result.Epochs.Select(epoch => epoch.Epoch));
        Assert.Equal(result.Epochs[1].ValidationAccuracy, result.TestAccuracy);
        Assert.Equal(result.Epochs.Max(epoch => epoch.ValidationAccuracy), result.BestValidationAccuracy);
        Assert.Equal(2, told.Count(progress => progress.IsEpoch));
    }

    [Fact]
    public void WhatLearnsIsMeasuredAtTheEndOfEachEpoch()
    {
        Finished(Execute(Small));
        var lines = File.ReadAllLines(Place("weights.jsonl")).Select(line => Json.ofText<WeightRecord>(line)).ToArray();
        Assert.Equal([1, 2], lines.Select(line => line.Epoch));

        // The last line is of the weights that are kept.
        var kept = Safetensors.Read(Place("last.safetensors"));
        var learned = Small.Build().Weights.Where(plan => plan.Treatment.IsTrained && !plan.Weight.IsBias).ToArray();
        Assert.NotEmpty(learned);
        foreach (var plan in learned)
        {
            var values = kept[plan.Weight.Name].ToSingles().Select(value => (double)value).ToArray();
            var size = lines[1].Layers.Single(layer => layer.Layer == plan.Weight.Layer);
            var mean = values.Average();
            Assert.Equal(values.Average(Math.Abs), size.MeanAbsolute, 1e-12);
            Assert.Equal(values.Average(value => (value - mean) * (value - mean)), size.Variance, 1e-12);
            Assert.Equal(Math.Sqrt(values.Sum(value => value * value)), size.Norm, 1e-12);
        }
    }

    [Fact]
    public void TheRecordsNameTheMachineAndItsProcessor()
    {
        Finished(Execute(Small));
        var machine = Json.ofText<MachineRecord>(Assert.Single(File.ReadAllLines(Place("machines.jsonl"))));
        Assert.Equal(Environment.MachineName, machine.Machine);
        if (File.Exists("/proc/cpuinfo") && File.ReadAllText("/proc/cpuinfo").Contains("model name", StringComparison.Ordinal))
        {
            Assert.Contains($": {machine.Processor}\n", File.ReadAllText("/proc/cpuinfo"), StringComparison.Ordinal);
            Assert.NotEmpty(machine.Processor);
        }
    }

    [Fact]
    public void ARunEndsAtTheAccuracyThatIsEnough()
    {
        var result = Finished(Execute(Small with { Stops = [Stop.NewAccuracy(0.01)], Epochs = 5 }));

        Assert.Equal([1], result.Epochs.Select(epoch => epoch.Epoch));
        Assert.Single(File.ReadAllLines(Directory.GetFiles(folder.Path, "metrics.jsonl", SearchOption.AllDirectories).Single()));
    }

    [Fact]
    public void TheResultSaysWhatLearnedWhatWasVerifiedAndWhatComputed()
    {
        var result = Finished(Execute(Small));

        // Of conv1's 4 filters of 25 weights two are fixed; its 4 biases are zero; 6 scales are fixed.
        Assert.Equal(60, result.StillVerified);
        Assert.Equal((56, 4), (result.Counts.Fixed, result.Counts.Zero));
        Assert.Matches(@"^Freeze \d+\.\d+\.\d+, TorchSharp 0\.107\.0, libtorch 2\.10\.0, (kernels \d+ \(\w+\)|no kernels), \.NET 10\.\S+$", result.Versions);
        Assert.Equal((Hash, "a run", 1), (result.Hash, result.Name, result.Threads));
    }

    [Fact]
    public void ARunSaysWhichPassesItDidWithoutAndHasTheSameAddress()
    {
        using var runner = new Runner(sample.Options(folder.File("runs"), retry: true) with
        {
            Passes = PassSet.AllBut([Pass.Prefix, Pass.Slices]),
        });

        var result = Finished(Execute(runner, Small.Run()));

        Assert.Matches(@"\.NET 10\.\S+, without slices, prefix$", result.Versions);
        Assert.Equal(Hash, result.Hash);
        Assert.True(Execute(Small).IsAlready);
    }

    [Fact]
    public void TheWeightsAreThoseOfPyTorchsStateDictionary()
    {
        Execute(Small);
        var read = Safetensors.Read(Place("last.safetensors"));

        Assert.Equal(
            [
                "bn.bias", "bn.running_mean", "bn.running_var", "bn.weight", "conv1.bias", "conv1.weight", "conv2.bias",
                "conv2.weight", "fc.bias", "fc.weight",
            ],
            read.Keys.Order(StringComparer.Ordinal));
        Assert.Equal([6, 4, 3, 3], read["conv2.weight"].Shape);
        Assert.All(read["conv1.bias"].ToSingles(), value => Assert.Equal(0, value));
        Assert.All(read["bn.weight"].ToSingles(), value => Assert.Equal(1, value));
        Assert.All(read["bn.running_mean"].ToSingles(), value => Assert.NotEqual(0, value));
    }

    [Fact]
    public void AFinishedRunIsNotTrainedAgain()
    {
        var result = Finished(Execute(Small));
        var written = File.GetLastWriteTimeUtc(Place("last.safetensors"));
        told.Clear();

        var again = Assert.IsType<RunOutcome.Already>(Execute(Small));

        Assert.Equal(result, again.Result);
        Assert.Empty(told);
        Assert.Equal(written, File.GetLastWriteTimeUtc(Place("last.safetensors")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"hash\":")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("\0\0\0\0")]
    public void ADamagedResultIsNoneAndIsReported(string content)
    {
        folder.Write($"runs/{Hash}/result.json", System.Text.Encoding.UTF8.GetBytes(content));

        Finished(Execute(Small));

        var note = Assert.IsType<Progress.Note>(told[0]);
        Assert.Contains("damaged", note.Text, StringComparison.Ordinal);
        Assert.Equal(Hash, Json.ofText<RunResult>(File.ReadAllText(Place("result.json"))).Hash);
    }

    [Fact]
    public void AnUnfinishedRunStartsAnewAndItsMetricsToo()
    {
        folder.Write($"runs/{Hash}/metrics.jsonl", "half a line"u8.ToArray());

        var result = Finished(Execute(Small));

        Assert.Equal(result.Epochs.Length, File.ReadAllLines(Place("metrics.jsonl")).Length);
    }

    [Fact]
    public void ARunThatAnotherProcessTrainsIsLeftToIt()
    {
        var store = new RunStore(folder.File("runs"));
        using (store.Claim(Hash, out _))
        {
            var elsewhere = Assert.IsType<RunOutcome.Elsewhere>(Execute(Small));

            Assert.Contains($"process {Environment.ProcessId} of ", elsewhere.Holder, StringComparison.Ordinal);
            Assert.Equal(["claim-1"], Directory.GetFiles(Place()).Select(Path.GetFileName));
        }

        Finished(Execute(Small));
    }

    [Fact]
    public void ADivergedRunFailsAloneAndLeavesWord()
    {
        var wild = Small with { Optimizer = Optimizer.NewSgd(1e30, 0.9, 0, false) };
        using var runner = Runner("runs");

        var failure = Failed(Execute(runner, wild.Run("wild")));
        Finished(Execute(runner, Small.Run()));

        Assert.Equal("wild", failure.Name);
        Assert.Contains("diverged", failure.Message, StringComparison.Ordinal);
        var place = folder.File($"runs/{failure.Hash}");
        Assert.Equal(failure, Json.ofText<RunFailure>(File.ReadAllText(Path.Combine(place, "failure.json"))));
        Assert.False(File.Exists(Path.Combine(place, "result.json")));
    }

    [Fact]
    public void SuccessTakesAwayTheWordOfAFailure()
    {
        folder.Write($"runs/{Hash}/failure.json", "{}"u8.ToArray());

        Finished(Execute(Small));

        Assert.False(File.Exists(Place("failure.json")));
    }

    [Fact]
    public void AStoreThatCannotBeWrittenFailsTheRunWithAdvice()
    {
        folder.Write("runs", "a file"u8.ToArray());

        var failure = Failed(Execute(Small));

        Assert.Contains("the store cannot be written", failure.Message, StringComparison.Ordinal);
        Assert.Contains("--store", failure.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void MissingDataFailsTheRunWithAdvice()
    {
        var failure = Failed(Execute(Small with { Data = "nonesuch" }));

        Assert.Contains("nonesuch", failure.Message, StringComparison.Ordinal);
        Assert.Contains("mnist-sample", failure.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryOtherExceptionBecomesAFailureThatNamesIt()
    {
        RunFailure Of(Exception error) => Failures.Of(Small.Run(), Hash, error);

        Assert.Contains("IndexOutOfRangeException", Of(new IndexOutOfRangeException()).Message, StringComparison.Ordinal);
        Assert.Contains("batch", Of(new OutOfMemoryException("8 GB")).Advice, StringComparison.Ordinal);
        Assert.StartsWith("the disk is full", Of(new IOException("no space left", 28)).Message, StringComparison.Ordinal);
        Assert.StartsWith(
            "the store cannot be written", Of(new UnauthorizedAccessException("denied")).Message, StringComparison.Ordinal);
        Assert.Equal("ours", Of(new RunException("ours", "do this")).Message);
    }

    [Fact]
    public void ACancelledRunIsInterruptedAndCanBeRunAgain()
    {
        using var source = new CancellationTokenSource();
        using var runner = Runner("runs");

        var outcome = runner.Execute(
            Small.Run(),
            progress =>
            {
                if (progress.IsEpoch)
                {
                    source.Cancel();
                }
            },
            source.Token);

        Assert.True(outcome.IsInterrupted);
        Assert.Single(File.ReadAllLines(Place("metrics.jsonl")));
        Assert.False(File.Exists(Place("result.json")));
        Finished(Execute(Small));
    }

    [Fact]
    public void AMissingGpuIsNoFailureOfTheRun()
    {
        Assert.SkipWhen(cuda.is_available(), "there is a GPU");
        var wanting = Small with { Device = Device.Cuda };

        Assert.Contains("freeze doctor", Failed(Execute(wanting)).Advice, StringComparison.Ordinal);

        // Else another machine that shares the store would not train it.
        Assert.Empty(Directory.GetFiles(folder.Path, "failure.json", SearchOption.AllDirectories));
    }

    [Fact]
    public void AutoIsTheProcessorWhereThereIsNoGpu()
    {
        Assert.SkipWhen(cuda.is_available(), "there is a GPU");
        Assert.True(Small.Build().Device.IsAuto || Small.Build().Device.IsCpu);

        Finished(Execute(Small with { Device = Device.Auto }));
    }

    [Fact]
    public void OnAProcessorTf32RoundsNothing()
    {
        var exact = Small with { Device = Device.Cpu };

        Assert.Equal(Finished(Execute(exact)).Epochs, Finished(Execute(exact with { Precision = Precision.Tf32 })).Epochs);
    }

    [Fact]
    public void WithoutMemoryARunSaysWhatToMakeSmaller()
    {
        var told = 0;
        using var runner = new Runner(
            sample.Options(folder.File("runs"), retry: true),
            afterStep: () => throw new ExternalException($"CUDA out of memory. Tried to allocate {++told} GiB"));

        var failure = Failed(Execute(runner, (Small with { Batch = 48, Device = Device.Cpu }).Run()));

        Assert.StartsWith("out of memory: CUDA", failure.Message, StringComparison.Ordinal);
        Assert.Contains("use a smaller batch", failure.Advice, StringComparison.Ordinal);
        Assert.Equal(1, told);
    }

    [Fact]
    public void ARunWithoutKernelsSaysThatNoneComputed()
    {
        using var runner = new Runner(sample.Options(folder.File("runs"), retry: true) with
        {
            Passes = PassSet.AllBut([Pass.Kernels]),
        });

        Assert.Matches(@", no kernels, \.NET 10\.\S+, without kernels$", Finished(Execute(runner, Small.Run())).Versions);
    }

    [Fact]
    public void ATensorLargerThanTheMachineIsOutOfMemory()
    {
        var error = Assert.ThrowsAny<Exception>(() => empty([1L << 50]));

        Assert.True(Failures.IsOutOfMemory(error), error.Message);
    }

    private RunOutcome Execute(TestRecipe recipe)
    {
        using var runner = Runner("runs");
        return Execute(runner, recipe.Run());
    }

    private RunOutcome Execute(Runner runner, Run run) =>
        runner.Execute(run, told.Add, TestContext.Current.CancellationToken);

    private Runner Runner(string store) => new(sample.Options(folder.File(store), retry: true));

    private string Place(string file = "") => folder.File($"runs/{Hash}/{file}");

    private static RunResult Finished(RunOutcome outcome) => outcome switch
    {
        RunOutcome.Finished finished => finished.Result,
        RunOutcome.Failed failed => throw new InvalidOperationException(failed.Failure.Message),
        _ => throw new InvalidOperationException($"{outcome}"),
    };

    private static RunFailure Failed(RunOutcome outcome) => Assert.IsType<RunOutcome.Failed>(outcome).Failure;
}
