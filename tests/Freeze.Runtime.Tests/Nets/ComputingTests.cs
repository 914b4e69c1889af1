using Freeze.Runtime.Nets;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Nets;

public sealed class ComputingTests
{
    [Fact]
    public void TensorsAreMadeWhereTheRecipeIsComputedUntilItIsDone()
    {
        var recipe = (new TestRecipe(TestNets.Small) with { Device = Device.Auto }).Build();
        var wanted = cuda.is_available() ? DeviceType.CUDA : DeviceType.CPU;
        using var scope = NewDisposeScope();

        using (Computing.Begin(recipe))
        {
            Assert.Equal(wanted, zeros([2]).device.type);
            Assert.Equal(wanted, tensor(new[] { 1f }, [1]).device.type);
            Assert.Equal(DeviceType.CPU, tensor(new[] { 1f }, [1], device: CPU).device.type);
        }

        Assert.Equal(DeviceType.CPU, get_default_device().type);
        Assert.Equal(DeviceType.CPU, zeros([2]).device.type);
    }

    [Theory]
    [InlineData("fp32", false)]
    [InlineData("tf32", true)]
    public void WhatAGpuRoundsToIsThePrecisionsAlone(string precision, bool rounded)
    {
        Assert.SkipUnless(cuda.is_available(), "there is no GPU");
        var recipe = new TestRecipe(TestNets.Small) with
        {
            Device = Device.Cuda,
            Precision = precision == "tf32" ? Precision.Tf32 : Precision.Fp32,
        };

        using var computing = Computing.Begin(recipe.Build());

        Assert.Equal(rounded, backends.cuda.matmul.allow_tf32);
        Assert.Equal(rounded, backends.cudnn.allow_tf32);
    }
}
