using Freeze.Runtime.Results;
using Xunit;

namespace Freeze.Runtime.Tests;

/// <summary>A run that was stopped anywhere and goes on ends with the bits of one that was never disturbed.</summary>
public sealed class ResumeTests(Sample sample) : IDisposable
{
    private static readonly TestRecipe Small = new(TestNets.Small)
    {
        Images = Images.NewFirst(200),
        Batch = 32,
        Epochs = 3,
        Warmup = 1,
        Schedule = Schedule.Cosine,
        Augmentations =
        [
            Augmentation.NewCrop(2), Augmentation.Flip, Augmentation.NewResizedCrop(0.5, 0.75), Augmentation.NewRotation(10),
            Augmentation.NewCutout(4), Augmentation.NewMixup(0.4),
        ],
        Rule = weight => weight.Name switch
        {
            "conv1.weight" => Treatment.NewSlice(0, [0, 2], Stillness.Fixed),
            "conv1.bias" => TestNets.Zero,
            _ => Treatment.Trained,
        },
        Update = weight => weight.Layer == "conv2"
            ? new Update(Rate.NewTimes(0.5), Rate.NewTimes(1), Period.NewEpochs(2, 2))
            : UpdateModule.byDefault,
    };

    private static readonly string[] Files =
        ["confusion.json", "last.safetensors", "machines.jsonl", "metrics.jsonl", "plan.json", "result.json", "weights.jsonl"];

    private readonly Folder folder = new();

    public static TheoryData<string> Optimizers =>
    [
        """{"sgd":{"learningRate":0.05,"momentum":0.9,"decay":0.0005,"nesterov":true}}""",
        """{"adam":{"learningRate":0.001,"beta1":0.9,"beta2":0.999,"epsilon":1e-8,"decay":0}}""",
        """{"adamW":{"learningRate":0.001,"beta1":0.9,"beta2":0.999,"epsilon":1e-8,"decay":0.01}}""",
        """{"rmsProp":{"learningRate":0.001,"alpha":0.99,"epsilon":1e-8,"momentum":0.9,"decay":0}}""",
        """{"yellowFin":{"learningRate":0.1,"momentum":0,"window":5,"clip":2,"decay":0.0001}}""",
    ];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void AfterEveryStepARunCanBeStoppedAndGoOn(string optimizer) =>
        AssertGoesOn(Small with { Optimizer = Json.ofText<Optimizer>(optimizer) });

    [Fact]
    public void ARateThatFallsOnAPlateauFallsInARunThatGoesOnToo()
    {
        var recipe = Small with
        {
            // What learns moves too little to change the accuracy, so each epoch but the first is no better.
            Rule = weight => weight.Name == "fc.bias" ? Treatment.Trained : TestNets.Fixed,
            Update = _ => UpdateModule.byDefault,
            FrozenStatistics = ["bn"],
            Optimizer = Optimizer.NewSgd(1e-5, 0.9, 0, false),
            Schedule = Schedule.NewPlateau(1, 0.5),
            Clipping = Clipping.NewNorm(1),
        };
        AssertGoesOn(recipe);

        var result = Json.ofText<RunResult>(File.ReadAllText(folder.File($"whole/{Address.ofRecipe(recipe.Build())}/result.json")));
        Assert.Single(result.Epochs.Select(epoch => epoch.ValidationAccuracy).Distinct());
    }

    private void AssertGoesOn(TestRecipe recipe)
    {
        var hash = Address.ofRecipe(recipe.Build());
        Assert.True(Execute(recipe, "whole", TestContext.Current.CancellationToken).IsFinished);

        // Each attempt takes a few steps: seven in an epoch, so that stops fall into epochs and between them.
        var attempts = 0;
        while (!Attempt(recipe, steps: 1 + (attempts % 4)).IsFinished)
        {
            Assert.InRange(attempts++, 0, 30);
        }

        Assert.InRange(attempts, 5, 30);
        foreach (var file in Files)
        {
            Assert.Equal(
                File.ReadAllBytes(folder.File($"whole/{hash}/{file}")), File.ReadAllBytes(folder.File($"parts/{hash}/{file}")));
        }

        IEnumerable<string?> Names(string store) => Directory.GetFiles(folder.File($"{store}/{hash}")).Select(Path.GetFileName).Order();
        Assert.Equal(Names("whole"), Names("parts"));
        Assert.DoesNotContain("checkpoint.safetensors", Names("parts"));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void ADamagedCheckpointIsNamedAndTheRunGoesOnFromTheOneBeforeOrAnew(bool last, bool before)
    {
        Assert.True(Execute(Small, "whole", TestContext.Current.CancellationToken).IsFinished);
        Attempt(Small, 3);
        Attempt(Small, 3);
        var hash = Address.ofRecipe(Small.Build());
        Damage(last, folder.File($"parts/{hash}/checkpoint.safetensors"));
        Damage(before, folder.File($"parts/{hash}/checkpoint-before.safetensors"));
        var told = new List<string>();

        Assert.True(Execute(Small, "parts", TestContext.Current.CancellationToken, told.Add).IsFinished);

        Assert.Equal(last, told.Any(note => note.Contains("checkpoint.safetensors cannot be used", StringComparison.Ordinal)));
        Assert.Equal(!last || !before, told.Any(note => note.StartsWith("going on after step", StringComparison.Ordinal)));
        Assert.Equal(
            File.ReadAllBytes(folder.File($"whole/{hash}/last.safetensors")),
            File.ReadAllBytes(folder.File($"parts/{hash}/last.safetensors")));
    }

    [Fact]
    public void ACheckpointOfAnotherRunIsNotTaken()
    {
        var other = Small with { Seed = 2 };
        Attempt(other, 3);
        var (from, to) = (Address.ofRecipe(other.Build()), Address.ofRecipe(Small.Build()));
        folder.Write($"parts/{to}/checkpoint.safetensors", File.ReadAllBytes(folder.File($"parts/{from}/checkpoint.safetensors")));
        var told = new List<string>();

        Assert.True(Execute(Small, "parts", TestContext.Current.CancellationToken, told.Add).IsFinished);

        Assert.Contains(told, note => note.Contains($"it belongs to run {from}", StringComparison.Ordinal));
    }

    private static void Damage(bool really, string path)
    {
        if (really)
        {
            var content = File.ReadAllBytes(path);
            content[^5] ^= 1;
            File.WriteAllBytes(path, content);
        }
    }

    // Saved after each step, stopped after so many: what is saved last is what is gone on from.
    private RunOutcome Attempt(TestRecipe recipe, int steps)
    {
        using var source = new CancellationTokenSource();
        return Execute(recipe, "parts", source.Token, _ => { }, afterStep: () =>
        {
            if (--steps == 0)
            {
                source.Cancel();
            }
        });
    }

    private RunOutcome Execute(
        TestRecipe recipe,
        string store,
        CancellationToken cancel,
        Action<string>? told = null,
        Action? afterStep = null)
    {
        var options = sample.Options(folder.File(store));
        using var runner = new Runner(options, afterStep);
        return runner.Execute(
            recipe.Run(),
            progress =>
            {
                if (progress is Progress.Note note)
                {
                    told?.Invoke(note.Text);
                }
            },
            cancel);
    }
}
