// The gradient of a few filters of a convolution at stride 1: for each tap of the kernel, the products of an image with those
// filters' gradients. Where few filters learn this takes less time than any way that is made for all of them, whose
// preparations cost the same whatever their number. Each instruction set compiles these loops once, like those of rows.h.
#pragma once

#include <cstdint>

#include "taps.h"

namespace freeze::kernels {

// T is float, or std::uint16_t for bfloat16, which is computed in float. Sizes are in floats; buffers begin at 64 bytes.
template <class T>
struct Filters {
    std::int64_t (*buffer)(const Taps& by);
    // Adds to sums, so many, the contribution of some images to the gradient; `unpack` makes that of them, [filters, channels, height,
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
