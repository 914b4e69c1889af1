// The gradient of a few filters of a convolution at stride 1: for each tap of the kernel, the products of an image and the
// filters' gradients. For few filters this is faster than the algorithms for whole kernels, whose preparation costs the same for
// any number of filters. Each instruction set compiles these loops once, like those of rows.h.
#pragma once

#include <cstdint>

#include "taps.h"

namespace freeze::kernels {

// T is float, or std::uint16_t for bfloat16, computed in float. Sizes are in floats; buffers are aligned to 64 bytes.
template <class T>
struct Filters {
    std::int64_t (*buffer)(const Taps& by);
    // Adds the contribution of some images to `sums(by)` sums; `unpack` turns these into the gradient [filters, channels, height,
    // width].
    std::int64_t (*sums)(const Taps& by);
    void (*add_gradient)(const Taps& by, const T* in, const T* gradient, std::int64_t first_image, std::int64_t images,
                         float* sums, float* buffer);
    void (*unpack)(const Taps& by, const float* sums, float* to);
};

// The loops for this machine.
template <class T>
const Filters<T>& filters();

}  // namespace freeze::kernels
