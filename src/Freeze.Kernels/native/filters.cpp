// The gradient of a few filters of a convolution at stride 1: see loops/filters.h.
#include "loops/filters.h"

#include "api.h"
#include "parallel.h"

using namespace freeze;

// The gradient of kernels [filters, channels, height, width], from x (or relu(x scale + shift)) and the filters' output gradients.
FREEZE_API int freeze_filters_gradient(Type type, const Pixels* x, const Pixels* gradient, std::int64_t height,
                                       std::int64_t width, std::int64_t padding, const float* scale, const float* shift,
                                       int relu, float* to) {
    return guarded([&] {
        const kernels::Taps by{x->maps, gradient->maps, height, width, padding, scale, shift, relu != 0};
        with_singles(type, [&](auto kind) {
            using T = decltype(kind);
            const kernels::Filters<T>& loops = kernels::filters<T>();
            const std::int64_t images = by.in.images, parts = std::max<std::int64_t>(1, std::min(images, most_parts));
            const Floats sums = summed_in_parts(
                images, parts, loops.sums(by), loops.buffer(by),
                [&](std::int64_t first, std::int64_t end, float* sum, float* buffer) {
                    loops.add_gradient(by, static_cast<const T*>(x->data), static_cast<const T*>(gradient->data), first,
                                       end - first, sum, buffer);
                });
            loops.unpack(by, sums.data(), to);
        });
    });
}
