// What the loops over the taps of a kernel at stride 1 read.
#pragma once

#include <cstdint>

#include "maps.h"

namespace freeze::kernels {

// What is convolved, `in`, and the pixels of what came of it; a pixel's filters may be some of more.
struct Taps {
    Maps in, out;
    std::int64_t height, width, padding;
    // Where these are given, what is convolved is x scale + shift, cut off at 0 where `relu`.
    const float *scale = nullptr, *shift = nullptr;
    bool relu = false;
};

}  // namespace freeze::kernels
