using System.Runtime.InteropServices;
using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Training;
using Freeze.Torch;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Training;

/// <summary>
/// Steps that are recorded and replayed train to the bits of steps that are computed. What a GPU does is done here on the
/// processor: work that is recorded is done again and its results are put in the places of the first ones.
/// </summary>
public sealed class StepGraphTests(Sample sample)
{
    // 20 whole batches and a smaller one.
    private static readonly TestRecipe Recipe =
        new(TestNets.Staged(3)) { Images = Images.NewFirst(20 * 32 + 7), Epochs = 2, Schedule = Schedule.Cosine };

    private static readonly Recorder Faithful = work =>
    {
        var made = work();
        return new Recording(made, () => Refill(made, work()), new Nothing());
    };

    public static TheoryData<string> Recipes => ["all", "slices", "own epochs", "bf16", "adam", "not shuffled"];

    [Theory]
    [MemberData(nameof(Recipes))]
    public void ATrainingHasTheSameBits(string which)
    {
        var recipe = (which switch
        {
            "slices" => Recipe with
            {
                Rule = weight => weight.Kind.IsConv && !weight.IsBias ? Treatment.NewSlice(0, [0, 2], Stillness.Fixed) : TestNets.Fixed,
            },
            // In the second epoch the net learns other weights than in the first.
            "own epochs" => Recipe with
            {
                Update = weight => new Update(
                    UpdateModule.usual.LearningRate,
                    UpdateModule.usual.Decay,
                    weight.Kind.IsConv ? Period.NewEpochs(2, 2) : Period.Always),
            },
            "bf16" => Recipe with { Precision = Precision.Bf16 },
            "adam" => Recipe with { Optimizer = Optimizer.NewAdam(1e-3, 0.9, 0.999, 1e-8, 5e-4) },
            "not shuffled" => Recipe with { Shuffle = false },
            _ => Recipe,
        }).Build();
        var replays = 0;
        var (recorded, notes) = Trained(recipe, Replaying(recording =>
        {
            replays++;
            recording.Replay();
        }));

        Assert.Equal(Trained(recipe, null).Values, recorded);
        Assert.Empty(notes);
        // All but the first three batches and the smaller ones, and a step to be judged; anew where other weights learn.
        Assert.Equal(which == "own epochs" ? 2 * (20 - 3 + 1) : (2 * 20) - 3 + 1, replays);
    }

    public static TheoryData<string, string> Faults => new()
    {
        { "nothing can be recorded", "not permitted" },
        { "there is no room", "out of memory" },
        { "the batch of the recording", "is off by" },
        { "other gradients", "is off by" },
        { "statistics that move twice", "is off by" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void WhereARecordingIsWrongEveryStepIsComputed(string fault, string why)
    {
        var recipe = Recipe.Build();
        Recorder recorder = fault switch
        {
            "nothing can be recorded" => _ => throw new ExternalException("operation not permitted when stream is capturing"),
            "there is no room" => _ => throw new OutOfMemoryException("CUDA out of memory"),
            "the batch of the recording" => Replaying(_ => { }),
            "other gradients" => Replaying(recording =>
            {
                recording.Replay();
                recording.Made[^1].mul_(0.5);
            }),
            _ => Replaying(recording =>
            {
                recording.Replay();
                recording.Replay();
            }),
        };
        var (values, notes) = Trained(recipe, recorder);

        Assert.Equal(Trained(recipe, null).Values, values);
        // Said once, and not tried again.
        Assert.Contains(why, Assert.Single(notes));
    }

    [Fact]
    public void NothingIsLeftOfARecording()
    {
        var before = Tensor.TotalCount;
        var memory = new Nothing();
        Trained(Recipe.Build(), work => Faithful(work) with { Memory = memory });
        Assert.Equal(before, Tensor.TotalCount);
        Assert.Equal(1, memory.Disposed);
    }

    [Fact]
    public void AGpuHasTheNumbersOfStepsThatAreComputed()
    {
        Assert.SkipUnless(GpuGraph.IsAvailable, "nothing is recorded here: no GPU, or a binding without CUDA's headers");
        var recipe = (Recipe with { Device = Device.Cuda }).Build();
        using var device = Computing.Begin(recipe, repeatable: true);
        var (recorded, notes) = Trained(recipe, StepGraph.OnGpu);
        Assert.Empty(notes);
        var computed = Trained(recipe, null, PassSet.AllBut([Pass.StepGraph])).Values;
        Assert.All(computed.Zip(recorded), pair => Assert.Equal(pair.First, pair.Second, 1e-3));
    }

    private (double[] Values, List<string> Notes) Trained(Recipe recipe, Recorder? recorder, PassSet? passes = null)
    {
        using var scope = NewDisposeScope();
        var notes = new List<string>();
        using var trainer = new Trainer(recipe, new Batches(sample.Images, recipe), new WeightTable(recipe), passes, recorder);
        while (!trainer.IsDone)
        {
            trainer.Epoch(
                progress =>
                {
                    if (progress is Progress.Note note)
                    {
                        notes.Add(note.Text);
                    }
                },
                TestContext.Current.CancellationToken);
        }

        return (
            [
                .. trainer.State().SelectMany(entry => entry.Value.detach().cpu().to(float64).contiguous().data<double>().ToArray()),
                .. trainer.Records.SelectMany(record => new[] { record.TrainingLoss, record.ValidationLoss }),
            ],
            notes);
    }

    private static Recorder Replaying(Action<Recording> replay) => work =>
    {
        var recording = Faithful(work);
        return recording with { Replay = () => replay(recording) };
    };

    private static void Refill(IReadOnlyList<Tensor> places, IReadOnlyList<Tensor> values)
    {
        foreach (var (place, value) in places.Zip(values))
        {
            using (value)
            {
                place.copy_(value);
            }
        }
    }

    private sealed class Nothing : IDisposable
    {
        public int Disposed { get; private set; }

        public void Dispose() => Disposed++;
    }
}
