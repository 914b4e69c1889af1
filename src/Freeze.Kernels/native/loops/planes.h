// Convolutions to few filters at stride 1: each channel becomes a plane, so that a lane holds sixteen pixels instead of sixteen
// filters. Each instruction set compiles these loops once, like those of rows.h.
//
// The rows of a plane follow each other with their padding. So a tap is a distance in the plane, the same for all pixels, and one
// loop runs over all rows; outputs between the end of a row and the next row are dropped.
#pragma once

#include <cstdint>

#include "taps.h"

namespace freeze::kernels {

// T is float, or std::uint16_t for bfloat16, computed in float. Sizes are in floats; buffers are aligned to 64 bytes.
template <class T>
struct Planes {
    // The kernel in reading order: [filters, channels, height, width], or if `turned` [channels, filters, height, width], whose
    // convolution carries the outputs' gradients back.
    std::int64_t (*packed)(const Taps& by);
    void (*pack)(const Taps& by, const float* kernel, bool turned, float* to);

    std::int64_t (*buffer)(const Taps& by);
    // Convolves some images; `bias` may be null.
    void (*convolve)(const Taps& by, const T* in, const float* packed, const float* bias, T* out, std::int64_t first_image,
                     std::int64_t images, float* buffer);
    // Adds the contribution of some images to the gradient [filters, channels, height, width] of the kernel.
    void (*add_gradient)(const Taps& by, const T* in, const T* gradient, std::int64_t first_image, std::int64_t images,
                         float* sums, float* buffer);
};

// The loops for this machine.
template <class T>
const Planes<T>& planes();

}  // namespace freeze::kernels
