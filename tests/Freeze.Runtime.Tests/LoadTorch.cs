using System.Runtime.CompilerServices;
using Freeze.Kernels;

namespace Freeze.Runtime.Tests;

/// <summary>Tests make tensors before anything of Freeze does.</summary>
internal static class LoadTorch
{
    [ModuleInitializer]
    internal static void Load() => TorchLibraries.Load();
}
