namespace Freeze.Runtime.Tests.Training;

/// <summary>
/// The nets and ways to learn of <see cref="PolicyAgreementTests"/>, as a user writes them. What each means is written
/// in PyTorch's own terms, under the same name, in scripts/fixtures/agreement.py.
/// </summary>
internal static class PolicyCases
{
    // VGG-19's structure with few filters. Biases start as PyTorch's do: at 0 those in front of a batch norm would
    // stay there but for rounding, and there would be nothing to compare.
    private const string NarrowVgg = """
        net narrow-vgg {
            init conv he
            init linear normal(0.01)
            repeat 2 { conv: conv 4 3x3; bn: bn; relu }
            maxpool 2
            repeat 2 { conv: conv 8 3x3; bn: bn; relu }
            maxpool 2
            repeat 4 { conv: conv 16 3x3; bn: bn; relu }
            maxpool 2
            repeat 4 { conv: conv 16 3x3; bn: bn; relu }
            maxpool 2
            repeat 4 { conv: conv 16 3x3; bn: bn; relu }
            maxpool 2
            fc: linear classes
        }
        """;

    private const string Guard = "rest: train; conv1: train until epoch 1; conv2: train from epoch 2";

    // Epsilons are such that gradients which are hardly more than rounding are not made large.
    private const string Adam = "optimizer adam(lr 1e-3, eps 1e-3, decay 5e-4)";

    // PART, OTHERS and RATE are the net's own.
    private static readonly Dictionary<string, string> Ways = new()
    {
        ["full"] = "rest: train",
        ["bn"] = "bn: train; rest: fixed",
        ["block"] = "PART: train; rest: fixed",
        ["filters"] = "OTHERS: train; conv: train 0.4 filters; rest: fixed",
        ["filters zero"] = "OTHERS: train; conv: train 0.4 filters; rest: zero",
        ["inputs"] = "OTHERS: train; conv: train 0.1 inputs at least 1; rest: fixed",
        ["row"] = "OTHERS: train; conv: train 1 row; rest: fixed",
        ["rates"] = "conv: train lr 0.1x; linear: train lr 0.5x decay 0",
        ["rates bn"] = "conv: train lr 0.1x; linear: train lr 0.5x decay 0; bn: train lr 0.02 decay 2x",
        ["adam"] = $"{Adam}; rest: train",
        ["rmsprop"] = "optimizer rmsprop(lr 1e-4, eps 1e-2, decay 5e-4); rest: train",
        ["nesterov"] = "optimizer sgd(lr RATE, momentum 0.9, decay 5e-4, nesterov on); rest: train",
        ["adamw"] = "optimizer adamw(lr 1e-3, eps 1e-3, decay 0.01); rest: train",
        ["epochs"] = $"epochs 2; {Guard}",
        ["epochs adam"] = $"epochs 2; {Adam}; {Guard}",
        ["smoothing"] = "loss cross-entropy(smoothing 0.1); rest: train",
        ["cosine"] = "epochs 2; schedule cosine; warmup 1 epoch; rest: train",
        ["steps"] = "epochs 2; schedule step([1], 0.2x); rest: train",
        ["statistics"] = "conv, linear: train; bn: train stats frozen",
    };

    /// <summary>
    /// The Freeze file of a case, such as "wrn-10-1: filters zero": 20 steps of 4 images in their order, in one epoch
    /// or two.
    /// </summary>
    public static string Text(string name, long seed, string precision)
    {
        var parts = name.Split(": ");
        var net = parts[0];
        var (part, others, rate) = net switch
        {
            "lenet" => ("conv2", "linear", "0.02"),
            "blog" => ("conv3", "linear", "0.05"),
            "cnn6" => ("stage1", "linear", "0.02"),
            "narrow-vgg" => ("conv3", "linear, bn", "0.001"),
            _ => ("block2", "linear, bn", "0.01"),
        };
        var way = Ways[parts[1]]
            .Replace("PART", part, StringComparison.Ordinal)
            .Replace("OTHERS", others, StringComparison.Ordinal)
            .Replace("RATE", rate, StringComparison.Ordinal);
        var optimizer = way.Contains("optimizer", StringComparison.Ordinal)
            ? ""
            : $"optimizer sgd(lr {rate}, momentum 0.9, decay 5e-4)";
        var passes = way.Contains("epochs 2", StringComparison.Ordinal) ? "images 40" : "images 80; epochs 1";
        return $"""
            data {(net == "lenet" ? "mnist" : "cifar10")}; net {net}; {passes}; batch 4; shuffle off
            precision {precision}; seed {seed}
            {optimizer}
            {way}
            {(net == "narrow-vgg" ? NarrowVgg : "")}
            """;
    }

    /// <summary>All ways that a case may name.</summary>
    public static IReadOnlyCollection<string> Names => Ways.Keys;
}
