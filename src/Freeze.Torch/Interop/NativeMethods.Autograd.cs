using System.Runtime.InteropServices;

namespace TorchSharp;

// Gradients: native/autograd.cpp.
internal static partial class NativeMethods
{
    [LibraryImport(Library)]
    internal static partial int freeze_requires_grad(long tensor, out int result);

    [LibraryImport(Library)]
    internal static partial int freeze_set_requires_grad(long tensor, int value);

    [LibraryImport(Library)]
    internal static partial int freeze_grad(long tensor, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_set_grad(long tensor, long grad);

    [LibraryImport(Library)]
    internal static partial int freeze_backward(long tensor);

    [LibraryImport(Library)]
    internal static partial int freeze_detach(long tensor, out long result);
}
