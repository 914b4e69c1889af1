using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Torch;

public static partial class Fused
{
    /// <summary>relu(max_pool2d(…)), or max_pool2d alone, of values [n, channels, height, width].</summary>
    public static Tensor MaxPool2d(Tensor input, long kernelSize, long stride, long padding, bool relu)
    {
        var greatest = F.max_pool2d(input, kernelSize, stride, padding);
        return relu ? F.relu(greatest) : greatest;
    }
}
