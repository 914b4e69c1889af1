// Gradients, random numbers and threads.
#include "api.h"

#include <dlfcn.h>

using namespace freeze;

FREEZE_API int freeze_requires_grad(Handle tensor, int* result) {
    return guarded([&] { *result = get(tensor).requires_grad() ? 1 : 0; });
}

FREEZE_API int freeze_set_requires_grad(Handle tensor, int value) {
    return guarded([&] { get(tensor).set_requires_grad(value != 0); });
}

// 0 where there is no gradient.
FREEZE_API int freeze_grad(Handle tensor, Handle* result) {
    return guarded([&] {
        auto grad = get(tensor).grad();
        *result = grad.defined() ? put(grad) : 0;
    });
}

// 0 forgets the gradient.
FREEZE_API int freeze_set_grad(Handle tensor, Handle grad) {
    return guarded([&] { get(tensor).mutable_grad() = grad == 0 ? at::Tensor() : get(grad); });
}

FREEZE_API int freeze_backward(Handle tensor) {
    return guarded([&] { get(tensor).backward(); });
}

FREEZE_API int freeze_detach(Handle tensor, Handle* result) {
    return making(result, [&] { return get(tensor).detach(); });
}

FREEZE_API int freeze_grad_enabled() { return at::GradMode::is_enabled() ? 1 : 0; }

FREEZE_API void freeze_set_grad_enabled(int value) { at::GradMode::set_enabled(value != 0); }

FREEZE_API int freeze_manual_seed(int64_t seed) {
    return guarded([&] { torch::manual_seed(static_cast<uint64_t>(seed)); });
}

FREEZE_API int freeze_threads() { return at::get_num_threads(); }

// OpenBLAS has threads of its own, of which libtorch does not know.
FREEZE_API int freeze_set_threads(int count) {
    return guarded([&] {
        at::set_num_threads(count);
        using SetThreads = void (*)(int);
        if (auto set = reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) set(count);
    });
}

FREEZE_API const char* freeze_version() { return TORCH_VERSION; }
