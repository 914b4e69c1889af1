// The input of the loops over the taps of a kernel at stride 1.
#pragma once

#include <cstdint>

#include "maps.h"

namespace freeze::kernels {

// The convolution's input, `in`, and the pixels of its output; a pixel's filters may be some of more.
struct Taps {
    Maps in, out;
    std::int64_t height, width, padding;
    // If given, the convolution reads x scale + shift instead of x, clamped at 0 if `relu`.
    const float *scale = nullptr, *shift = nullptr;
    bool relu = false;
};

}  // namespace freeze::kernels
