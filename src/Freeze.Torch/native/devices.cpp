// Where tensors lie: main memory or a GPU. Only what every libtorch declares without CUDA's own headers, so that the binding
// needs none of them; a build on a libtorch for the CPU answers that there is no GPU.
#include "api.h"

using namespace freeze;

FREEZE_API int freeze_device(Handle tensor, int* type, int* index) {
    return guarded([&] {
        const auto device = get(tensor).device();
        *type = static_cast<int>(device.type());
        *index = device.has_index() ? device.index() : -1;
    });
}

// The same handle's values where they already lie there and no copy is asked for. Without blocking, the copy of pinned
// memory runs beside what the caller does next.
FREEZE_API int freeze_to_device(Handle tensor, int type, int index, int copy, int non_blocking, Handle* result) {
    return making(result, [&] {
        const auto values = get(tensor);
        return values.to(place(type, index), values.scalar_type(), non_blocking != 0, copy != 0);
    });
}

// Memory that a GPU can read by itself; where there is none, the values as they are.
FREEZE_API int freeze_pin_memory(Handle tensor, Handle* result) {
    return making(result, [&] { return torch::cuda::is_available() ? get(tensor).pin_memory() : get(tensor); });
}

FREEZE_API int freeze_is_pinned(Handle tensor, int* result) {
    return guarded([&] { *result = torch::cuda::is_available() && get(tensor).is_pinned() ? 1 : 0; });
}

FREEZE_API int freeze_cuda_is_available() {
    try {
        return torch::cuda::is_available() ? 1 : 0;
    } catch (...) {
        // A driver that cannot be used is none.
        return 0;
    }
}

FREEZE_API int freeze_cuda_device_count(int* result) {
    return guarded([&] { *result = static_cast<int>(torch::cuda::device_count()); });
}

FREEZE_API int freeze_cuda_synchronize(int index) {
    return guarded([&] { torch::cuda::synchronize(index); });
}

// Whether products of matrices and convolutions of single precision may round their factors to 10 bits.
FREEZE_API int freeze_tf32_of_products() { return at::globalContext().allowTF32CuBLAS() ? 1 : 0; }

FREEZE_API int freeze_set_tf32_of_products(int allow) {
    return guarded([&] { at::globalContext().setAllowTF32CuBLAS(allow != 0); });
}

FREEZE_API int freeze_tf32_of_convolutions() { return at::globalContext().allowTF32CuDNN() ? 1 : 0; }

FREEZE_API int freeze_set_tf32_of_convolutions(int allow) {
    return guarded([&] { at::globalContext().setAllowTF32CuDNN(allow != 0); });
}

// 1: only computations that give the same bits each time. 0: cuDNN times its algorithms and takes the fastest.
FREEZE_API int freeze_set_repeatable(int repeatable) {
    return guarded([&] {
        auto& context = at::globalContext();
        context.setDeterministicCuDNN(repeatable != 0);
        context.setBenchmarkCuDNN(repeatable == 0);
        // Refused where libtorch has no such computation, rather than warned of.
        context.setDeterministicAlgorithms(repeatable != 0, /*warn_only=*/false);
    });
}
