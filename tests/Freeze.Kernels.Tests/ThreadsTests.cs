using System.Runtime.InteropServices;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Kernels.Tests;

/// <summary>The threads that libtorch and the kernels share.</summary>
public sealed partial class ThreadsTests
{
    [Fact]
    public void IdleThreadsAreToldNotToSpinForLong()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "it is a variable of libgomp's");
        Assert.SkipUnless(Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is null, "the user has said how to wait");

        Assert.Equal(Environment.GetEnvironmentVariable("GOMP_SPINCOUNT") ?? "3000", Marshal.PtrToStringUTF8(getenv("GOMP_SPINCOUNT")));
    }

    [Fact]
    public void TheirNumberCanBeSet() => Drawn.OnThreads(1, () => Assert.Equal(1, get_num_threads()));

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint getenv(string name);
}
