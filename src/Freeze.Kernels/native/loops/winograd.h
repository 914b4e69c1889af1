// Convolutions by 3x3 kernels at stride 1 as Winograd's minimal filtering has them (Lavin and Gray, "Fast algorithms for
// convolutional neural networks", 2015): images and kernels are transformed, tile by tile, so that fewer multiplications
// are left, and those are matrix products. Each instruction set compiles these loops once, like those of rows.h.
#pragma once

#include <cstdint>

#include "maps.h"

namespace freeze::kernels {

// What a convolution with a 3x3 kernel computes of `in`: `out` has height + 2 padding - 2 rows.
struct Filtering {
    Maps in, out;
    std::int64_t padding;
    // Where these are given, what is convolved is a norm's output, x scale + shift cut off at 0, and `in` its input.
    const float *scale = nullptr, *shift = nullptr;
};

// The algorithm on maps of T: float, or std::uint16_t for bfloat16, which is computed in float. Sizes of buffers are in
// floats; buffers and packed kernels begin at 64 bytes.
template <class T>
struct Winograd {
    // Outputs of a tile along one side.
    std::int64_t side;
    // Of a transformed kernel from `inputs` to `outputs` channels, packed for `convolve`.
    std::int64_t (*packed)(std::int64_t inputs, std::int64_t outputs);
    // Transforms kernels [outputs, inputs, 3, 3], of `lanes` times 16 outputs from the `first`.
    // Turned: of the convolution that carries gradients back, which has inputs and outputs exchanged.
    void (*pack)(const float* kernels, std::int64_t inputs, std::int64_t outputs, bool turned, std::int64_t first,
                 std::int64_t lanes, float* to);
    // How many tiles `convolve` and `add_gradient` do at once, and the buffer that each of them takes.
    std::int64_t (*tiles_at_once)(std::int64_t inputs, std::int64_t outputs);
    std::int64_t (*tiles_of_gradient)(std::int64_t inputs, std::int64_t outputs);
    std::int64_t (*buffer)(std::int64_t inputs, std::int64_t outputs);
    // Outputs of some tiles; `bias` may be null.
    void (*convolve)(const Filtering& by, const T* in, const float* packed_kernels, const float* bias, T* out,
                     std::int64_t first_tile, std::int64_t tiles, float* buffer);
    // Adds to sums, so many, the contribution of some tiles to the kernels' gradient.
    std::int64_t (*sums)(std::int64_t inputs, std::int64_t outputs);
    void (*add_gradient)(const Filtering& by, const T* in, const T* gradient, std::int64_t first_tile, std::int64_t tiles,
                         float* sums, float* buffer);
    // The gradient [outputs, inputs, 3, 3] of such sums, for some outputs.
    void (*unpack)(const float* sums, std::int64_t inputs, std::int64_t outputs, std::int64_t first, std::int64_t count,
                   float* to);
};

// The loops for this machine, by tiles of 4x4 outputs, and by those of 8x8, which round too much for all but bfloat16.
template <class T>
const Winograd<T>& winograd();
template <class T>
const Winograd<T>& wide_winograd();

}  // namespace freeze::kernels
