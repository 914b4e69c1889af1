using System.Runtime.CompilerServices;

namespace Freeze.Kernels.Tests;

internal static class Startup
{
    // Before any test touches TorchSharp.
    [ModuleInitializer]
    internal static void LoadLibraries() => TorchLibraries.Load();
}
