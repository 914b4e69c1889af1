// Times training steps in typical TorchSharp code; bench/compare calls it.
//
//     torchsharp-steps NET WAY [--threads N] [--steps N]
//     torchsharp-steps load
//     torchsharp-steps limits [--threads N]
//
// NET   lenet, blog, wrn-28-4, densenet-100-12
// WAY   full; prefix (the first half of the convolutions, with their norms, has requires_grad false); filters-0.1 (of
//       each convolution: the gradients of the others are masked after the backward pass); zero-0.4 (the other filters
//       are set to 0 at the start and after each step); bn (norms alone); last (the last layer alone)
//
// Prints the seconds of each step (zero_grad, forward, backward, SGD step) on random images after two to warm up, and the
// peak resident memory of the process in bytes, as JSON. `load` loads libtorch, adds one tensor and prints the memory;
// `limits` prints the multiply-adds and the bytes that the machine manages in a second.
//
// The settings are the defaults: float32 in NCHW, TorchSharp's SGD, a dispose scope per step, the C library's memory and OpenMP's
// waiting unchanged. Freeze loads libtorch, on older systems with its patched copy of TorchSharp's library, but neither sets up
// memory and threads nor computes anything.
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Freeze.Bench;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

Freeze.Kernels.TorchLibraries.LoadWithoutSettings();
if (args is ["load"])
{
    using var one = ones(1);
    one.add_(1);
    Print([]);
    return;
}

int Option(string option, int otherwise) => Array.IndexOf(args, option) is var at and >= 0
    ? int.Parse(args[at + 1], CultureInfo.InvariantCulture)
    : otherwise;
set_num_threads(Option("--threads", 2));
if (args is ["limits", ..])
{
    Console.WriteLine(JsonSerializer.Serialize(new { multiplyAdds = Limits.MultiplyAdds(), bytes = Limits.Bytes() }));
    return;
}

var (name, way, steps) = (args[0], args[1], Option("--steps", 5));
random.manual_seed(0);

nn.Module<Tensor, Tensor> net = name switch
{
    "lenet" => new LeNet(),
    "blog" => new Blog(),
    "wrn-28-4" => new Wide(depth: 28, widen: 4),
    "densenet-100-12" => new Dense(depth: 100, growth: 12),
    _ => throw new ArgumentException($"no net {name}"),
};
var batch = name is "lenet" or "blog" ? 128 : 64;
var x = name == "lenet" ? randn(batch, 1, 28, 28) : randn(batch, 3, 32, 32);
var y = randint(10, batch, dtype: ScalarType.Int64);

// Weights with some trainable filters: the mask is 1 for these and 0 for the others.
var masked = new List<(Parameter Weight, Tensor Mask)>();
var zeroed = new List<(Parameter Weight, Tensor Mask)>();
ChooseWhatLearns();
SetToZero();
using var optimizer = optim.SGD(
    net.parameters().Where(parameter => parameter.requires_grad), learningRate: 0.01, momentum: 0.9, weight_decay: 5e-4);
net.train();
var seconds = new List<double>();
for (var step = 0; step < steps + 2; step++)
{
    var started = Stopwatch.GetTimestamp();
    using (NewDisposeScope())
    {
        optimizer.zero_grad();
        var loss = nn.functional.cross_entropy(net.call(x), y);
        loss.backward();
        foreach (var (weight, mask) in masked)
        {
            weight.grad!.mul_(mask);
        }

        optimizer.step();
        SetToZero();
    }

    seconds.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
}

Print(seconds.Skip(2));

void ChooseWhatLearns()
{
    var convs = net.modules().OfType<Conv2d>().ToList();
    switch (way.Split('-'))
    {
        case ["full"]:
            break;
        case ["prefix"]:
            var seen = 0;
            foreach (var module in InOrder(net))
            {
                seen += module is Conv2d ? 1 : 0;
                if (module is Conv2d or BatchNorm2d && seen <= convs.Count / 2)
                {
                    SetRequiresGrad(module, false);
                }
            }

            break;
        case ["bn"]:
            SetRequiresGrad(net, false);
            foreach (var norm in net.modules().OfType<BatchNorm2d>())
            {
                SetRequiresGrad(norm, true);
            }

            break;
        case ["last"]:
            SetRequiresGrad(net, false);
            SetRequiresGrad(net.children().Last(), true);
            break;
        case ["filters" or "zero", var fraction]:
            foreach (var conv in convs)
            {
                var mask = zeros_like(conv.weight);
                mask[..(int)(double.Parse(fraction, CultureInfo.InvariantCulture) * mask.shape[0])] = 1;
                (way.StartsWith("zero", StringComparison.Ordinal) ? zeroed : masked).Add((conv.weight, mask));
            }

            break;
        default:
            throw new ArgumentException($"no way {way}");
    }
}

// Depth first, as PyTorch's modules() does; TorchSharp's own order puts a net's last norm before its units' modules.
static IEnumerable<nn.Module> InOrder(nn.Module module) => module.children().SelectMany(InOrder).Prepend(module);

static void SetRequiresGrad(nn.Module module, bool value)
{
    foreach (var parameter in module.parameters())
    {
        parameter.requires_grad = value;
    }
}

void SetToZero()
{
    using var unrecorded = no_grad();
    foreach (var (weight, mask) in zeroed)
    {
        weight.mul_(mask);
    }
}

static void Print(IEnumerable<double> seconds)
{
    using var process = Process.GetCurrentProcess();
    Console.WriteLine(JsonSerializer.Serialize(new { seconds, memory = process.PeakWorkingSet64 }));
}
