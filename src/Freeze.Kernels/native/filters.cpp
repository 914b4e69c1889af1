// The gradient of a few filters of a convolution at stride 1: see loops/filters.h.
#include "loops/filters.h"

#include <cstring>

#include "api.h"
#include "parallel.h"

using namespace freeze;

// Of kernels [filters, channels, height, width], from x, or what scale and shift make of it, and the filters' own gradients.
FREEZE_API int freeze_filters_gradient(Type type, const Pixels* x, const Pixels* gradient, std::int64_t height,
                                       std::int64_t width, std::int64_t padding, const float* scale, const float* shift,
                                       int relu, float* to) {
    return guarded([&] {
        const kernels::Taps by{x->maps, gradient->maps, height, width, padding, scale, shift, relu != 0};
        with_singles(type, [&](auto kind) {
            using T = decltype(kind);
            const kernels::Filters<T>& loops = kernels::filters<T>();
            const std::int64_t size = loops.sums(by), images = by.in.images;
            const std::int64_t parts = std::max<std::int64_t>(1, std::min(images, most_parts));
            const Floats sums(parts * size);
            in_parallel(parts, 1, loops.buffer(by), [&](std::int64_t begin, std::int64_t end, float* buffer) {
                for (std::int64_t part = begin; part < end; part++) {
                    const std::int64_t first = images * part / parts;
                    std::memset(sums.data() + part * size, 0, size * sizeof(float));
                    loops.add_gradient(by, static_cast<const T*>(x->data), static_cast<const T*>(gradient->data), first,
                                       images * (part + 1) / parts - first, sums.data() + part * size, buffer);
                }
            });
            add_parts(sums.data(), parts, size);
            loops.unpack(by, sums.data(), to);
        });
    });
}
