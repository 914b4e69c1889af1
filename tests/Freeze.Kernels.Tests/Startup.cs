using System.Runtime.CompilerServices;

// Tests count live tensors and set modes of the whole process: one after the other.
[assembly: Xunit.CollectionBehavior(DisableTestParallelization = true)]

namespace Freeze.Kernels.Tests;

internal static class Startup
{
    // Before any test touches TorchSharp.
    [ModuleInitializer]
    internal static void LoadLibraries() => TorchLibraries.Load();
}
