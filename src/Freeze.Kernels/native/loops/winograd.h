// Convolutions by 3x3 and 5x5 kernels at stride 1, by Winograd's minimal filtering (Lavin and Gray, "Fast algorithms for
// convolutional neural networks", 2015): transforming images and kernels tile by tile reduces the multiplications, and turns them
// into matrix products. Each instruction set compiles these loops once, like those of rows.h.
#pragma once

#include <cstdint>

#include "maps.h"

namespace freeze::kernels {

// The input and output of a convolution: `out` has height + 2 padding + 1 - side of the kernel rows.
struct Filtering {
    Maps in, out;
    std::int64_t padding;
    // If given, `in` is the input of a norm, and the convolution reads the norm's output max(0, x scale + shift).
    const float *scale = nullptr, *shift = nullptr;
};

// The algorithm on maps of T: float, or std::uint16_t for bfloat16, which is computed in float. Buffer sizes are in floats;
// buffers and packed kernels are aligned to 64 bytes.
template <class T>
struct Winograd {
    // Outputs of a tile along one side.
    std::int64_t side;
    // The size of a transformed kernel from `inputs` to `outputs` channels, packed for `convolve`.
    std::int64_t (*packed)(std::int64_t inputs, std::int64_t outputs);
    // Transforms kernels [outputs, inputs, side, side], for `lanes` times 16 outputs from `first` on. If `turned`, for the convolution
    // that carries gradients back, which exchanges inputs and outputs.
    void (*pack)(const float* kernels, std::int64_t inputs, std::int64_t outputs, bool turned, std::int64_t first,
                 std::int64_t lanes, float* to);
    // How many tiles `convolve` and `add_gradient` process at once, and the buffers that they need.
    std::int64_t (*tiles_at_once)(std::int64_t inputs, std::int64_t outputs);
    std::int64_t (*tiles_of_gradient)(std::int64_t inputs, std::int64_t outputs);
    std::int64_t (*buffer)(std::int64_t inputs, std::int64_t outputs);
    std::int64_t (*buffer_of_gradient)(std::int64_t inputs, std::int64_t outputs);
    // Computes the outputs of some tiles; `bias` may be null.
    void (*convolve)(const Filtering& by, const T* in, const float* packed_kernels, const float* bias, T* out,
                     std::int64_t first_tile, std::int64_t tiles, float* buffer);
    // Adds the contribution of some tiles to `sums` numbers.
    std::int64_t (*sums)(std::int64_t inputs, std::int64_t outputs);
    void (*add_gradient)(const Filtering& by, const T* in, const T* gradient, std::int64_t first_tile, std::int64_t tiles,
                         float* sums, float* buffer);
    // Turns such sums into the kernels' gradient [outputs, inputs, side, side], for some outputs.
    void (*unpack)(const float* sums, std::int64_t inputs, std::int64_t outputs, std::int64_t first, std::int64_t count,
                   float* to);
};

// The loops for this machine. For 3x3 kernels: tiles of 4x4 outputs, and of 8x8, whose rounding only bfloat16 tolerates. For 5x5
// kernels: tiles of 4x4 outputs.
template <class T>
const Winograd<T>& winograd();
template <class T>
const Winograd<T>& wide_winograd();
template <class T>
const Winograd<T>& winograd5();

}  // namespace freeze::kernels
