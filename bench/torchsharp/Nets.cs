using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace Freeze.Bench;

// The nets of bench/pytorch_steps.py, in typical TorchSharp code. Fields have the order of the forward pass, because
// RegisterComponents registers them in this order and `prefix` counts the modules.

internal sealed class LeNet : Module<Tensor, Tensor>
{
    private readonly Conv2d conv1 = Conv2d(1, 20, 5), conv2 = Conv2d(20, 50, 5);
    private readonly Linear fc1 = Linear(800, 500), fc2 = Linear(500, 10);

    public LeNet()
        : base("lenet") => RegisterComponents();

    public override Tensor forward(Tensor x)
    {
        x = max_pool2d(relu(conv1.call(x)), 2);
        x = max_pool2d(relu(conv2.call(x)), 2);
        return fc2.call(relu(fc1.call(x.flatten(1))));
    }
}

internal sealed class Blog : Module<Tensor, Tensor>
{
    private readonly ModuleList<Conv2d> convs = ModuleList(
        Conv2d(3, 10, 3, padding: 1),
        Conv2d(10, 20, 3, padding: 1),
        Conv2d(20, 64, 3, padding: 1),
        Conv2d(64, 64, 3, padding: 1),
        Conv2d(64, 128, 3, padding: 1));

    private readonly Linear fc6 = Linear(512, 256), fc7 = Linear(256, 256), fc8 = Linear(256, 10);

    public Blog()
        : base("blog") => RegisterComponents();

    public override Tensor forward(Tensor x)
    {
        x = relu(convs[0].call(x));
        foreach (var conv in convs.Skip(1))
        {
            x = max_pool2d(relu(conv.call(x)), 2);
        }

        return fc8.call(relu(fc7.call(relu(fc6.call(x.flatten(1))))));
    }
}

internal sealed class WideUnit : Module<Tensor, Tensor>
{
    private readonly BatchNorm2d bn1;
    private readonly Conv2d conv1;
    private readonly BatchNorm2d bn2;
    private readonly Conv2d conv2;
    private readonly Conv2d? shortcut;

    public WideUnit(long inputs, long filters, long stride)
        : base("unit")
    {
        bn1 = BatchNorm2d(inputs);
        conv1 = Conv2d(inputs, filters, 3, stride, 1, bias: false);
        bn2 = BatchNorm2d(filters);
        conv2 = Conv2d(filters, filters, 3, padding: 1, bias: false);
        shortcut = inputs == filters ? null : Conv2d(inputs, filters, 1, stride, bias: false);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        var active = relu(bn1.call(x));
        var result = conv2.call(relu(bn2.call(conv1.call(active))));
        return result + (shortcut is null ? x : shortcut.call(active));
    }
}

internal sealed class Wide : Module<Tensor, Tensor>
{
    private readonly Conv2d conv1 = Conv2d(3, 16, 3, padding: 1, bias: false);
    private readonly Sequential units;
    private readonly BatchNorm2d bn;
    private readonly Linear fc;

    public Wide(int depth, int widen)
        : base("wrn")
    {
        long maps = 16;
        var parts = new List<Module<Tensor, Tensor>>();
        for (var block = 0; block < 3; block++)
        {
            var filters = (16L << block) * widen;
            for (var unit = 0; unit < (depth - 4) / 6; unit++)
            {
                parts.Add(new WideUnit(maps, filters, block > 0 && unit == 0 ? 2 : 1));
                maps = filters;
            }
        }

        units = Sequential(parts);
        bn = BatchNorm2d(maps);
        fc = Linear(maps, 10);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => fc.call(relu(bn.call(units.call(conv1.call(x)))).mean([2, 3]));
}

internal sealed class DenseUnit : Module<Tensor, Tensor>
{
    private readonly BatchNorm2d bn1;
    private readonly Conv2d conv1;
    private readonly BatchNorm2d bn2;
    private readonly Conv2d conv2;

    public DenseUnit(long inputs, long growth)
        : base("unit")
    {
        bn1 = BatchNorm2d(inputs);
        conv1 = Conv2d(inputs, 4 * growth, 1, bias: false);
        bn2 = BatchNorm2d(4 * growth);
        conv2 = Conv2d(4 * growth, growth, 3, padding: 1, bias: false);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) =>
        cat([x, conv2.call(relu(bn2.call(conv1.call(relu(bn1.call(x))))))], 1);
}

internal sealed class Transition : Module<Tensor, Tensor>
{
    private readonly BatchNorm2d bn;
    private readonly Conv2d conv;

    public Transition(long inputs)
        : base("transition")
    {
        bn = BatchNorm2d(inputs);
        conv = Conv2d(inputs, inputs / 2, 1, bias: false);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => avg_pool2d(conv.call(relu(bn.call(x))), 2);
}

internal sealed class Dense : Module<Tensor, Tensor>
{
    private readonly Conv2d conv1;
    private readonly Sequential body;
    private readonly BatchNorm2d bn;
    private readonly Linear fc;

    public Dense(int depth, long growth)
        : base("densenet")
    {
        var maps = 2 * growth;
        conv1 = Conv2d(3, maps, 3, padding: 1, bias: false);
        var parts = new List<Module<Tensor, Tensor>>();
        for (var block = 0; block < 3; block++)
        {
            for (var unit = 0; unit < (depth - 4) / 6; unit++)
            {
                parts.Add(new DenseUnit(maps, growth));
                maps += growth;
            }

            if (block < 2)
            {
                parts.Add(new Transition(maps));
                maps /= 2;
            }
        }

        body = Sequential(parts);
        bn = BatchNorm2d(maps);
        fc = Linear(maps, 10);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => fc.call(relu(bn.call(body.call(conv1.call(x)))).mean([2, 3]));
}
