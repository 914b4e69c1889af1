// Work of a GPU that is recorded once and then done again at one call: a CUDA graph. The one file that needs CUDA's own
// headers; where they are missing, nothing can be recorded (libtorch.cmake looks for them).
#include "api.h"

#ifdef FREEZE_CUDA_HEADERS
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>

#include <memory>
#include <optional>
#endif

using namespace freeze;

#ifdef FREEZE_CUDA_HEADERS

struct freeze_graph {
    at::cuda::CUDAGraph graph;
    // While it is recorded: the stream that a GPU's usual one may not be.
    std::optional<c10::cuda::CUDAStreamGuard> aside;
};

FREEZE_API int freeze_graph_is_available() {
    int available = 0;
    guarded([&] { available = torch::cuda::is_available() ? 1 : 0; });
    return available;
}

// From here on this thread's work on the GPU is recorded instead of done, that of gradients with it.
FREEZE_API int freeze_graph_begin(freeze_graph** result) {
    return guarded([&] {
        auto made = std::make_unique<freeze_graph>();
        torch::cuda::synchronize();
        // A graph has memory of its own: what earlier steps have left would lie idle beside it.
        c10::cuda::CUDACachingAllocator::emptyCache();
        made->aside.emplace(c10::cuda::getStreamFromPool());
        made->graph.capture_begin();
        *result = made.release();
    });
}

// Whatever happens, this thread's work is done again from here on.
FREEZE_API int freeze_graph_end(freeze_graph* recorded) {
    const int status = guarded([&] { recorded->graph.capture_end(); });
    recorded->aside.reset();
    return status;
}

// Does all of it again, behind what the GPU was given before.
FREEZE_API int freeze_graph_replay(freeze_graph* recorded) {
    return guarded([&] { recorded->graph.replay(); });
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
