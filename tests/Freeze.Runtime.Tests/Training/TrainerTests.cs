using Freeze.Runtime.Training;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Training;

public sealed class TrainerTests(Sample sample)
{
    private static readonly TestRecipe Small = new(TestNets.Small);

    [Fact]
    public void TrainingLearns()
    {
        using var scope = NewDisposeScope();
        var trainer = new Trainer((Small with { Images = Images.NewFirst(2000) }).Build(), sample.Images);

        var first = Epoch(trainer);
        var second = Epoch(trainer);

        // Chance is a loss of 2.303 and an accuracy of 0.1.
        Assert.True(second.TrainingLoss < first.TrainingLoss && second.TrainingLoss < 2);
        Assert.True(second.ValidationAccuracy > 0.3);
    }

    [Fact]
    public void RunsThatDifferOnlyInTheirRulesTakeTheSameFirstStep()
    {
        // At a learning rate of 0 nothing moves: the loss tells start and batches.
        double Loss(Func<Weight, Treatment> rule)
        {
            using var scope = NewDisposeScope();
            var recipe = Small with { Rule = rule, Optimizer = Optimizer.NewSgd(0, 0, 0, false) };
            return Epoch(new Trainer(recipe.Build(), sample.Images)).TrainingLoss;
        }

        var trained = Loss(_ => Treatment.Trained);

        Assert.Equal(trained, Loss(_ => TestNets.Fixed));
        Assert.Equal(trained, Loss(_ => Treatment.NewSlice(0, [1, 2], Stillness.Fixed)));
        Assert.NotEqual(trained, Loss(weight => weight.IsBias ? TestNets.Zero : Treatment.Trained));
    }

    [Fact]
    public void HeldOutImagesJudgeAnEpochAndTheTestSetTheRun()
    {
        using var scope = NewDisposeScope();
        var trainer = new Trainer((Small with { Validation = Validation.NewHeldOut(7) }).Build(), sample.Images);

        var sevenths = Epoch(trainer).ValidationAccuracy * 7;
        var thousandths = trainer.Test(TestContext.Current.CancellationToken).Accuracy * 1000;

        Assert.Equal(Math.Round(sevenths), sevenths, 9);
        Assert.Equal(Math.Round(thousandths), thousandths, 9);
    }

    [Fact]
    public void DivergenceFailsTheRunWithEpochStepAndLoss()
    {
        using var scope = NewDisposeScope();
        var recipe = Small with { Optimizer = Optimizer.NewSgd(1e30, 0.9, 0, false) };
        var trainer = new Trainer(recipe.Build(), sample.Images);

        var error = Assert.Throws<RunException>(() => Epoch(trainer));

        Assert.Matches(@"diverged: the loss is NaN by step \d+ of epoch 1", error.Message);
        Assert.Contains("learning rate", error.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void CancellingEndsTheEpochAtTheNextStep()
    {
        using var scope = NewDisposeScope();
        using var source = new CancellationTokenSource();
        var trainer = new Trainer(
            (new TestRecipe(TestNets.LeNet) { Images = Images.All, Batch = 8 }).Build(), sample.Images);
        var steps = new List<int>();

        Assert.ThrowsAny<OperationCanceledException>(() => trainer.Epoch(
            progress =>
            {
                steps.Add(((Progress.Step)progress).Step);
                source.Cancel();
            },
            source.Token));

        Assert.Single(steps);
    }

    [Fact]
    public void WithHalfPrecisionActivationsWeightsAndTheirUpdatesStayInSingle()
    {
        using var scope = NewDisposeScope();
        double Loss(Precision precision)
        {
            var recipe = Small with { Precision = precision, Epochs = 2 };
            var trainer = new Trainer(recipe.Build(), sample.Images);
            Epoch(trainer);
            var type = precision.IsFp64 ? float64 : float32;
            Assert.All(trainer.Weights.State(), entry => Assert.Equal(type, entry.Value.dtype));
            return Epoch(trainer).TrainingLoss;
        }

        var single = Loss(Precision.Fp32);
        var half = Loss(Precision.Bf16);
        var twice = Loss(Precision.Fp64);

        // bfloat16 has 8 bits of mantissa: the same course, not the same numbers.
        Assert.NotEqual(single, half);
        Assert.Equal(single, half, 0.05 * single);
        Assert.NotEqual(single, twice);
        Assert.Equal(single, twice, 1e-5 * single);
    }

    [Fact]
    public void DropoutFollowsTheSeedAndTheStep()
    {
        var nodes = TestNets.Small.Nodes;
        var net = new Net(
        [
            .. nodes[..8],
            TestNets.Node("drop", Operation.NewDropout(0.5), [7], 6),
            TestNets.Node("fc", Operation.NewLinear(10, true), [8], 10),
        ], []);
        double Loss(long disturbance)
        {
            using var scope = NewDisposeScope();
            manual_seed(disturbance);
            return Epoch(new Trainer(new TestRecipe(net).Build(), sample.Images)).TrainingLoss;
        }

        Assert.Equal(Loss(1), Loss(2));
    }

    [Fact]
    public void ARunOfWhichNothingLearnsIsMeasuredAllTheSame()
    {
        using var scope = NewDisposeScope();
        var trainer = new Trainer((Small with { Rule = _ => TestNets.Fixed }).Build(), sample.Images);

        Assert.InRange(Epoch(trainer).TrainingLoss, 2, 3);
        Assert.NotEqual(0, trainer.Weights.Statistic("bn.running_mean").data<float>().ToArray()[0]);
    }

    private static EpochRecord Epoch(Trainer trainer)
    {
        trainer.Epoch(_ => { }, TestContext.Current.CancellationToken);
        return trainer.Records[^1];
    }
}
