using System.Runtime.InteropServices;

namespace TorchSharp;

// Where tensors lie, and what is recorded there: native/devices.cpp, native/graph.cpp.
internal static partial class NativeMethods
{
    [LibraryImport(Library)]
    internal static partial int freeze_device(long tensor, out int type, out int index);

    [LibraryImport(Library)]
    internal static partial int freeze_to_device(
        long tensor, int type, int index, int copy, int nonBlocking, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_pin_memory(long tensor, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_is_pinned(long tensor, out int result);

    [LibraryImport(Library)]
    internal static partial int freeze_cuda_is_available();

    [LibraryImport(Library)]
    internal static partial int freeze_cuda_device_count(out int result);

    [LibraryImport(Library)]
    internal static partial int freeze_cuda_synchronize(int index);

    [LibraryImport(Library)]
    internal static partial int freeze_tf32_of_products();

    [LibraryImport(Library)]
    internal static partial int freeze_set_tf32_of_products(int allow);

    [LibraryImport(Library)]
    internal static partial int freeze_tf32_of_convolutions();

    [LibraryImport(Library)]
    internal static partial int freeze_set_tf32_of_convolutions(int allow);

    [LibraryImport(Library)]
    internal static partial int freeze_set_repeatable(int repeatable);

    [LibraryImport(Library)]
    internal static partial int freeze_graph_is_available();

    [LibraryImport(Library)]
    internal static partial int freeze_graph_begin(out nint graph);

    [LibraryImport(Library)]
    internal static partial int freeze_graph_end(nint graph);

    [LibraryImport(Library)]
    internal static partial int freeze_graph_replay(nint graph);

    [LibraryImport(Library)]
    internal static partial int freeze_graph_free(nint graph);
}
