using Freeze.Runtime.Data;

namespace Freeze.Runtime.Tests;

/// <summary>A recipe to change by `with`: F# records have none in C#.</summary>
internal sealed record TestRecipe(Net Net)
{
    public string Data { get; init; } = "mnist-sample";

    public Images Images { get; init; } = Images.NewFirst(320);

    // Of a thousand digits: most tests ask nothing of them but that they are judged. Other sets are small.
    public Images TestImages { get; init; } = Net.Nodes[0].Shape is [1, 28, 28] ? Images.NewFirst(100) : Images.All;

    public Validation Validation { get; init; } = Validation.Test;

    public Func<Weight, Treatment> Rule { get; init; } = _ => Treatment.Trained;

    public Optimizer Optimizer { get; init; } = Optimizer.NewSgd(0.05, 0.9, 5e-4, false);

    public Clipping Clipping { get; init; } = Clipping.Off;

    public Schedule Schedule { get; init; } = Schedule.Constant;

    public int Warmup { get; init; }

    public Loss Loss { get; init; } = Loss.NewCrossEntropy(0);

    public Func<Weight, Update> Update { get; init; } = _ => UpdateModule.byDefault;

    public Func<Weight, Start> Start { get; init; } = Starts.torch;

    public string[] FrozenStatistics { get; init; } = [];

    public Precision Precision { get; init; } = Precision.Fp32;

    public Device Device { get; init; } = Device.Auto;

    public Resize Resize { get; init; } = Resize.None;

    public Normalisation Normalisation { get; init; } = Normalisation.Own;

    public Stop[] Stops { get; init; } = [];

    public Keep Keep { get; init; } = Keep.Last;

    public Augmentation[] Augmentations { get; init; } = [];

    public int Batch { get; init; } = 32;

    public bool DropLast { get; init; }

    public int Epochs { get; init; } = 1;

    public bool Shuffle { get; init; } = true;

    public long Seed { get; init; } = 1;

    public Learning Learning { get; init; } = Learning.Together;

    public bool Halving { get; init; }

    public Origin From { get; init; } = Origin.Nothing;

    public Recipe Build() => new(
        DataSourceModule.published(Data),
        Images,
        TestImages,
        Validation,
        Resize,
        Normalisation,
        Augmentations,
        Net.Nodes[^1].Shape[0],
        Net,
        [.. NetModule.weights(Net).Select(weight => new WeightPlan(weight, Start(weight), Rule(weight), Update(weight)))],
        FrozenStatistics,
        Learning,
        Halving,
        Loss,
        Optimizer,
        Clipping,
        Schedule,
        Warmup,
        Batch,
        DropLast,
        Epochs,
        Stops,
        Keep,
        Shuffle,
        Precision,
        Device,
        Seed,
        From);

    public Run Run(string name = "a run") => new(name, "", [], Place.Alone, "small", [], Build());
}

/// <summary>Nets whose shapes are small enough to write down.</summary>
internal static class TestNets
{
    public static readonly Treatment Fixed = Treatment.NewStill(Stillness.Fixed);

    public static readonly Treatment Zero = Treatment.NewStill(Stillness.Zero);

    /// <summary>Two convolutions, a batch norm and a linear layer on 1x28x28; some 500 weights.</summary>
    public static Net Small { get; } = new(
    [
        Node("input", Operation.Input, [], 1, 28, 28),
        Node("conv1", Operation.NewConv(4, 5, 5, 2, 0, 0, true, 1, 1), [0], 4, 12, 12),
        Node("relu1", Operation.Relu, [1], 4, 12, 12),
        Node("pool1", Operation.NewMaxPool(2, 2, 0), [2], 4, 6, 6),
        Node("conv2", Operation.NewConv(6, 3, 3, 1, 1, 1, true, 1, 1), [3], 6, 6, 6),
        Node("bn", Operation.NewBatchNorm(1e-5, 0.1), [4], 6, 6, 6),
        Node("relu2", Operation.Relu, [5], 6, 6, 6),
        Node("pool2", Operation.GlobalPool, [6], 6),
        Node("fc", Operation.NewLinear(10, true), [7], 10),
    ], []);

    /// <summary>Up to three stages on 1x28x28 and a classifier; some 1,500 weights.</summary>
    public static Net Staged(int stages)
    {
        Node[] all =
        [
            Node("input", Operation.Input, [], 1, 28, 28),
            Node("stage1.conv1", Operation.NewConv(4, 5, 5, 2, 0, 0, true, 1, 1), [0], 4, 12, 12),
            Node("stage1.bn1", Operation.NewBatchNorm(1e-5, 0.1), [1], 4, 12, 12),
            Node("stage1.relu1", Operation.Relu, [2], 4, 12, 12),
            Node("stage1.pool1", Operation.NewMaxPool(2, 2, 0), [3], 4, 6, 6),
            Node("stage2.conv1", Operation.NewConv(6, 3, 3, 1, 1, 1, true, 1, 1), [4], 6, 6, 6),
            Node("stage2.relu1", Operation.Relu, [5], 6, 6, 6),
            Node("stage2.drop1", Operation.NewDropout(0.2), [6], 6, 6, 6),
            Node("stage3.conv1", Operation.NewConv(4, 3, 3, 1, 0, 0, true, 1, 1), [7], 4, 4, 4),
            Node("stage3.relu1", Operation.Relu, [8], 4, 4, 4),
        ];
        int[] outputs = [4, 7, 9];
        var last = outputs[stages - 1];
        var features = all[last].Shape.Aggregate((product, extent) => product * extent);
        return new(
            [
                .. all[..(last + 1)],
                Node("flatten", Operation.Flatten, [last], features),
                Node("classifier", Operation.NewLinear(10, true), [last + 1], 10),
            ],
            [.. outputs[..stages].Select((output, i) => new Stage($"stage{i + 1}", output))]);
    }

    /// <summary>LeNet with 20 and 50 filters and 500 units.</summary>
    public static Net LeNet { get; } = new(
    [
        Node("input", Operation.Input, [], 1, 28, 28),
        Node("conv1", Operation.NewConv(20, 5, 5, 1, 0, 0, true, 1, 1), [0], 20, 24, 24),
        Node("relu1", Operation.Relu, [1], 20, 24, 24),
        Node("pool1", Operation.NewMaxPool(2, 2, 0), [2], 20, 12, 12),
        Node("conv2", Operation.NewConv(50, 5, 5, 1, 0, 0, true, 1, 1), [3], 50, 8, 8),
        Node("relu2", Operation.Relu, [4], 50, 8, 8),
        Node("pool2", Operation.NewMaxPool(2, 2, 0), [5], 50, 4, 4),
        Node("flatten", Operation.Flatten, [6], 800),
        Node("fc1", Operation.NewLinear(500, true), [7], 500),
        Node("relu3", Operation.Relu, [8], 500),
        Node("fc2", Operation.NewLinear(10, true), [9], 10),
    ], []);

    /// <summary>One linear layer of two classes on <see cref="Synthetic"/> images.</summary>
    public static Net Line { get; } = new(
    [
        Node("input", Operation.Input, [], 1, 4, 4),
        Node("conv", Operation.NewConv(2, 3, 3, 1, 0, 0, true, 1, 1), [0], 2, 2, 2),
        Node("flatten", Operation.Flatten, [1], 8),
        Node("fc", Operation.NewLinear(2, true), [2], 2),
    ], []);

    public static WeightPlan Plan(Weight weight, Treatment treatment) =>
        new(weight, Starts.torch(weight), treatment, UpdateModule.byDefault);

    public static Node Node(string name, Operation operation, int[] inputs, params int[] shape) =>
        new(name, operation, inputs, shape);

    /// <summary>Random images 1x4x4 of two classes; the same at each call.</summary>
    public static ImageSet Synthetic(int training, int test = 10)
    {
        RawImages Part(int count, string purpose)
        {
            var key = RandomStream.Key(0, purpose);
            var pixels = Enumerable.Range(0, count * 16).Select(i => (byte)RandomStream.Bits(key, i));
            return new RawImages([.. pixels], [.. Enumerable.Range(0, count).Select(i => (byte)(i % 2))]);
        }

        var set = new DataSet("random", [1, 4, 4], 2, training, test, "", "random");
        return new ImageSet(set, Part(training, "training"), Part(test, "test"));
    }
}
