using System.Runtime.InteropServices;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Torch.Tests;

/// <summary>What the environment of C says once the library is loaded.</summary>
public sealed partial class ThreadPoolTests
{
    [Theory]
    [InlineData("GOMP_SPINCOUNT")]
    [InlineData("OPENBLAS_THREAD_TIMEOUT")]
    public void TheTwoPoolsAreToldNotToSpinAgainstEachOther(string name)
    {
        Assert.True(get_num_threads() > 0);
        var wished = Environment.GetEnvironmentVariable(name);
        var found = Marshal.PtrToStringUTF8(getenv(name));
        Assert.NotNull(found);
        if (wished is not null)
        {
            Assert.Equal(wished, found);
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint getenv(string name);
}
