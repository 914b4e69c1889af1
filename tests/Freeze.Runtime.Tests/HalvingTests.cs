using Freeze.Runtime.Results;
using Xunit;

namespace Freeze.Runtime.Tests;

/// <summary>Candidates that survive a rung go on from its end, with the bits of a run that began anew.</summary>
public sealed class HalvingTests(Sample sample) : IDisposable
{
    private static readonly string[] Files = ["confusion.json", "last.safetensors", "machines.jsonl", "metrics.jsonl", "plan.json", "result.json", "weights.jsonl"];

    // Dropout, momentum and augmentation: all that a step may depend on.
    private static readonly TestRecipe Candidate = new(TestNets.Staged(2))
    {
        Images = Images.NewFirst(200),
        Batch = 50,
        Warmup = 2,
        Schedule = Schedule.NewStep([1], 0.5),
        Augmentations = [Augmentation.NewCrop(2)],
        Optimizer = Optimizer.NewAdam(0.001, 0.9, 0.999, 1e-8, 0),
    };

    private readonly Folder folder = new();
    private readonly List<string> told = [];
    private int steps;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(100)]
    public void TheNextRungTakesTheFurtherStepsAloneWheneverItIsStopped(int stopAfter)
    {
        var whole = Result(Execute(Rung(2), "whole"));
        Assert.Equal(12, steps);
        Result(Execute(Rung(1), "parts"));
        Assert.Equal(16, steps);

        while (!Execute(Rung(2), "parts", stopAfter).IsFinished)
        {
            Assert.InRange(steps, 16, 24);
        }

        // Four steps an epoch, of which the first rung has done one of three.
        Assert.Equal(24, steps);
        foreach (var file in Files)
        {
            Assert.Equal(
                File.ReadAllBytes(folder.File($"whole/{whole.Hash}/{file}")), File.ReadAllBytes(folder.File($"parts/{whole.Hash}/{file}")));
        }
    }

    [Fact]
    public void ADamagedEndIsNamedAndTheRungBeginsAnew()
    {
        var first = Result(Execute(Rung(1), "store"));
        var end = folder.File($"store/{first.Hash}/end.safetensors");
        var content = File.ReadAllBytes(end);
        content[^1] ^= 1;
        File.WriteAllBytes(end, content);
        steps = 0;

        Assert.Equal(Result(Execute(Rung(2), "whole")), Result(Execute(Rung(2), "store")));

        Assert.Equal(24, steps);
        Assert.Contains(told, note => note.Contains("end.safetensors cannot be used", StringComparison.Ordinal));
    }

    [Fact]
    public void ACosineDependsOnTheNumberOfEpochsSoItsRungsBeginAnew()
    {
        Result(Execute(Rung(1, Candidate with { Schedule = Schedule.Cosine }), "store"));
        Result(Execute(Rung(2, Candidate with { Schedule = Schedule.Cosine }), "store"));

        Assert.Equal(4 + 12, steps);
        Assert.Empty(Directory.GetFiles(folder.File("store"), "end.safetensors", SearchOption.AllDirectories));
    }

    // One epoch on the first rung, three on the second.
    private static Run Rung(int rung, TestRecipe? recipe = null)
    {
        var run = ((recipe ?? Candidate) with { Epochs = rung == 1 ? 1 : Searches.keptOneOf }).Run();
        var place = Place.NewInSearch(new SearchPlace("a search", 4, rung, []));
        return new Run(run.Name, run.Profile, [], place, run.NetName, [], run.Recipe);
    }

    private static RunResult Result(RunOutcome outcome) => Assert.IsType<RunOutcome.Finished>(outcome).Result;

    private Runner RunnerOf(string store, Action? afterStep) => new(
        sample.Options(folder.File(store)), afterStep);

    private RunOutcome Execute(Run run, string store, int stopAfter = int.MaxValue)
    {
        using var source = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var runner = RunnerOf(store, () =>
        {
            steps++;
            if (--stopAfter == 0)
            {
                source.Cancel();
            }
        });
        return runner.Execute(
            run,
            progress =>
            {
                if (progress is Progress.Note note)
                {
                    told.Add(note.Text);
                }
            },
            source.Token);
    }
}
