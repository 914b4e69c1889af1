using Freeze.Runtime.Data;
using Freeze.Runtime.Results;
using Xunit;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Runtime.Tests;

/// <summary>A finished run is evaluated by the weights that it kept, and answers as it did when it ended.</summary>
public sealed class EvaluatorTests(Sample sample) : IDisposable
{
    private static readonly TestRecipe Small = new(TestNets.Small)
    {
        Epochs = 2,
        TestImages = Images.All,
        Rule = weight => weight.Name switch
        {
            "conv1.weight" => Treatment.NewSlice(0, [0, 2], Stillness.Fixed),
            "conv1.bias" => TestNets.Zero,
            "bn.weight" => TestNets.Fixed,
            _ => Treatment.Trained,
        },
    };

    private static readonly WeightPlan[] Members =
    [
        .. NetModule.weights(TestNets.Small).Select(weight =>
            TestNets.Plan(weight, weight.Layer is "fc" or "bn" ? Treatment.Trained : TestNets.Fixed)),
    ];

    private readonly Folder folder = new();

    public static TheoryData<string> Kinds => ["together", "held out", "fp64", "ensemble", "stages"];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public void TheNetAnswersAsWhenTheRunEnded(string kind)
    {
        var recipe = Of(kind);
        var result = Train(recipe);

        var answers = Evaluate(recipe, result);

        Assert.Equal((result.TestLoss, result.TestAccuracy), (answers.Loss, answers.Accuracy));
        Assert.Equal(result.TestAccuracy, answers.Labels.Zip(answers.Predicted).Count(pair => pair.First == pair.Second) / 1000.0);
        Assert.Equal(ConfusionModule.ofAnswers(10, answers.Labels, answers.Predicted), Files(result).ReadConfusion());
        Assert.All(answers.Probabilities, probability => Assert.InRange(probability, 0.1, 1));
    }

    [Fact]
    public void FeaturesOfAFixedFrontChangeNoAnswer()
    {
        var recipe = Small with { Rule = weight => weight.Layer == "conv1" ? TestNets.Fixed : Treatment.Trained };
        var result = Train(recipe);

        var answers = Evaluate(recipe, result);

        Assert.Equal(result.TestAccuracy, answers.Accuracy);
        Assert.Equal(result.TestLoss, answers.Loss, 1e-6);
        Assert.Equal(ConfusionModule.ofAnswers(10, answers.Labels, answers.Predicted), Files(result).ReadConfusion());
    }

    [Fact]
    public void AnswersAreThoseOfAPlainNetOfTheKeptWeights()
    {
        var result = Train(Small);
        var answers = Evaluate(Small, result);
        using var scope = NewDisposeScope();
        using var still = no_grad();
        var kept = Safetensors.Read(Files(result).WeightsPath).ToDictionary(entry => entry.Key, entry => entry.Value.ToTensor());
        var images = new Batches(sample.Images, Small.Build())
            .Take(sample.Images.Test, [.. Enumerable.Range(0, sample.Images.Test.Count).Select(i => (long)i)]).Images;
        var x = F.max_pool2d(F.relu(F.conv2d(images, kept["conv1.weight"], kept["conv1.bias"], strides: [2])), 2);
        x = F.conv2d(x, kept["conv2.weight"], kept["conv2.bias"], padding: [1]);
        x = F.batch_norm(x, kept["bn.running_mean"], kept["bn.running_var"], kept["bn.weight"], kept["bn.bias"]);
        var softmax = F.linear(F.relu(x).mean([2, 3]), kept["fc.weight"], kept["fc.bias"]).softmax(1);

        var (sure, said) = (softmax.amax([1]).data<float>().ToArray(), softmax.argmax(1).data<long>().ToArray());

        // Sums in another order may turn an image on the border.
        Assert.InRange(said.Zip(answers.Predicted).Count(pair => pair.First != pair.Second), 0, 1);
        Assert.All(sure.Zip(answers.Probabilities), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
        Assert.Equal(sample.Images.Test.Labels, answers.Labels.Select(label => (long)label));
    }

    [Fact]
    public void WhatIsFixedIsReadFromTheFileToo()
    {
        var result = Train(Small);
        var path = Files(result).WeightsPath;
        using (NewDisposeScope())
        {
            // Without the scale that is fixed no image differs from another behind the norm.
            (string Name, Tensor Value)[] changed =
            [
                .. Safetensors.Read(path).Select(entry =>
                    (entry.Key, entry.Key == "bn.weight" ? zeros_like(entry.Value.ToTensor()) : entry.Value.ToTensor())),
            ];
            WholeFile.Write(path, stream => Safetensors.Write(stream, changed));
        }

        Assert.Single(Evaluate(Small, result).Predicted.Distinct());
    }

    [Fact]
    public void TheFileThatWeightsStartedFromIsNotNeeded()
    {
        var start = folder.File("start.safetensors");
        File.Copy(Files(Train(Small with { Seed = 7 })).WeightsPath, start);
        var digest = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(start)));
        var recipe = Small with
        {
            Start = weight => Start.NewFile(start, digest, ""),
            Rule = weight => weight.Layer switch
            {
                "conv1" => Treatment.NewLargest(0, 2, Stillness.Zero),
                "conv2" => TestNets.Fixed,
                _ => Treatment.Trained,
            },
        };
        var result = Train(recipe);
        File.Delete(start);

        var answers = Evaluate(recipe, result);

        Assert.Equal(result.TestAccuracy, answers.Accuracy);
        Assert.Equal(result.TestLoss, answers.Loss, 1e-6);
    }

    [Fact]
    public void OtherImagesAreNormalisedAsThoseThatTheNetLearnedFrom()
    {
        // The same test images, in a set whose training images are far darker.
        var own = sample.Images;
        byte[] test = [.. Enumerable.Range(0, own.Test.Count).SelectMany(image => own.Test.Images.Of(image).ToArray())];
        using var other = new ImageSet(
            own.Set,
            new RawImages([.. Enumerable.Repeat((byte)3, 784)], [0]),
            new RawImages(test, [.. own.Test.Labels.Select(label => (byte)label)]));
        var constants = Small with { Normalisation = Normalisation.NewBy([0.13], [0.3]) };
        foreach (var recipe in new[] { Small, Small with { Normalisation = Normalisation.MeanImage }, constants })
        {
            var result = Train(recipe);
            Assert.Equal(result.TestAccuracy, Evaluate(recipe, result, own, other).Accuracy);
        }

        // Constants are all that is needed of the run's own set.
        Assert.Equal(Train(constants).TestAccuracy, Evaluate(constants, Train(constants), null, other).Accuracy);
    }

    [Fact]
    public void WithoutWeightsARunSaysWhereTheyWere()
    {
        var result = Train(Small);
        File.Delete(Files(result).WeightsPath);

        var error = Assert.Throws<RunException>(() => Evaluate(Small, result));

        Assert.Contains("its weights are gone", error.Message, StringComparison.Ordinal);
        Assert.Contains("train it again", error.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void AMemberOfAnotherStartIsRefused()
    {
        var recipe = Of("ensemble");
        var result = Train(recipe);
        folder.Write($"store/{result.Hash}/member-2/result.json", "\"0000\""u8.ToArray());

        Assert.Contains(
            "started from weights that differ", Assert.Throws<RunException>(() => Evaluate(recipe, result)).Message, StringComparison.Ordinal);
    }

    private static TestRecipe Of(string kind) => kind switch
    {
        "held out" => Small with { Validation = Validation.NewHeldOut(20) },
        "fp64" => Small with { Precision = Precision.Fp64, Epochs = 1 },
        "ensemble" => Small with { Rule = _ => Treatment.Trained, Epochs = 1, Learning = Learning.NewEnsemble(3, 1, Members, ["bn"]) },
        "stages" => new TestRecipe(TestNets.Staged(2))
        {
            Images = Images.NewFirst(200),
            TestImages = Images.All,
            Learning = Learning.NewStageByStage(
                [.. Enumerable.Repeat(new[] { Optimizer.NewSgd(0.05, 0.9, 0, false) }, 2)],
                [.. Enumerable.Repeat(StageLearning.Classify, 2)]),
        },
        _ => Small,
    };

    private RunResult Train(TestRecipe recipe)
    {
        using var runner = new Runner(sample.Options(folder.File("store"), retry: true));
        return runner.Execute(recipe.Run(), _ => { }, TestContext.Current.CancellationToken) switch
        {
            RunOutcome.Finished finished => finished.Result,
            RunOutcome.Already already => already.Result,
            var other => throw new InvalidOperationException($"{other}"),
        };
    }

    private RunFiles Files(RunResult result) => new RunStore(folder.File("store")).FilesOf(result.Hash);

    private NetAnswers Evaluate(TestRecipe recipe, RunResult result) => Evaluate(recipe, result, sample.Images, null);

    private NetAnswers Evaluate(TestRecipe recipe, RunResult result, ImageSet? own, ImageSet? other) => Evaluator.Of(
        new RunStore(folder.File("store")), recipe.Run(), result, own, other, 1, TestContext.Current.CancellationToken);
}
