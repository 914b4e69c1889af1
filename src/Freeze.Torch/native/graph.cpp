// Work of a GPU that is recorded once and then done again at one call: a CUDA graph. The one file that needs CUDA's own
// headers; where they are missing, nothing can be recorded (libtorch.cmake looks for them).
#include "api.h"

#ifdef FREEZE_CUDA_HEADERS
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>

#include <atomic>
#include <memory>
#include <optional>
#endif

using namespace freeze;

#ifdef FREEZE_CUDA_HEADERS

struct freeze_graph {
    // A pool by name, so that it can be given back where a recording fails.
    at::cuda::MempoolId_t pool = at::cuda::graph_pool_handle();
    std::optional<at::cuda::CUDAGraph> graph{std::in_place};
    // While it is recorded: the stream that a GPU's usual one may not be.
    std::optional<c10::cuda::CUDAStreamGuard> aside;
};

namespace {

// Whether a recording that failed has left libtorch in a state in which none will do.
std::atomic<bool> spoilt{false};

// One for the whole process: cuBLAS keeps memory for each stream that it has met.
c10::cuda::CUDAStream stream_for_recordings() {
    static const c10::cuda::CUDAStream stream = c10::cuda::getStreamFromPool();
    return stream;
}

template <class Body>
bool succeeds(Body&& body) noexcept {
    try {
        body();
        return true;
    } catch (...) {
        return false;
    }
}

// Of a recording that failed the allocator still believes that it goes on, and so does the generator of random numbers: no step
// could be computed instead. The one is told; the other learns it from an empty recording that succeeds.
void clear_up(freeze_graph& failed) {
    namespace allocator = c10::cuda::CUDACachingAllocator;
    const auto device = c10::cuda::current_device();
    failed.graph.reset();
    succeeds([&] { allocator::endAllocateToPool(device, failed.pool); });
    succeeds([&] {
        if (allocator::getPoolUseCount(device, failed.pool) > 0) {
            allocator::releasePool(device, failed.pool);
        }
    });
    spoilt = !succeeds([&] {
        const c10::cuda::CUDAStreamGuard aside(stream_for_recordings());
        at::cuda::CUDAGraph empty;
        empty.capture_begin();
        const auto something = at::zeros({1}, at::kCUDA);
        empty.capture_end();
    });
}

}  // namespace

FREEZE_API int freeze_graph_is_available() {
    int available = 0;
    guarded([&] { available = !spoilt && torch::cuda::is_available() ? 1 : 0; });
    return available;
}

// From here on this thread's work on the GPU is recorded instead of done, that of gradients with it. One at a time.
FREEZE_API int freeze_graph_begin(freeze_graph** result) {
    return guarded([&] {
        auto made = std::make_unique<freeze_graph>();
        torch::cuda::synchronize();
        // A graph has memory of its own: what earlier steps have left would lie idle beside it.
        c10::cuda::CUDACachingAllocator::emptyCache();
        made->aside.emplace(stream_for_recordings());
        try {
            made->graph->capture_begin(made->pool);
        } catch (...) {
            made->aside.reset();
            clear_up(*made);
            throw;
        }
        *result = made.release();
    });
}

// Whatever happens, this thread's work is done again from here on.
FREEZE_API int freeze_graph_end(freeze_graph* recorded) {
    const int status = guarded([&] { recorded->graph->capture_end(); });
    recorded->aside.reset();
    if (status != fine) {
        clear_up(*recorded);
    }
    return status;
}

// Does all of it again, behind what the GPU was given before.
FREEZE_API int freeze_graph_replay(freeze_graph* recorded) {
    return guarded([&] { recorded->graph.value().replay(); });
}

FREEZE_API int freeze_graph_free(freeze_graph* recorded) {
    return guarded([&] { delete recorded; });
}

#else

namespace {

int unavailable() {
    return guarded([] { TORCH_CHECK(false, "this binding was built without CUDA's headers: it cannot record"); });
}

}  // namespace

struct freeze_graph {};

FREEZE_API int freeze_graph_is_available() { return 0; }
FREEZE_API int freeze_graph_begin(freeze_graph**) { return unavailable(); }
FREEZE_API int freeze_graph_end(freeze_graph*) { return unavailable(); }
FREEZE_API int freeze_graph_replay(freeze_graph*) { return unavailable(); }
FREEZE_API int freeze_graph_free(freeze_graph*) { return unavailable(); }

#endif
