// Max pooling over windows that touch and do not overlap, with a relu before or after it, which gives the same: one pass over
// memory for values and one for gradients. Each instruction set compiles these loops once, like those of rows.h.
#pragma once

#include <cstdint>

namespace freeze::kernels {

// Maps [images, height, width, channels] and windows of `size` x `size`; the remainder at the far sides is in no window.
struct Windows {
    std::int64_t height, width, channels, size;

    std::int64_t down() const { return height / size; }
    std::int64_t across() const { return width / size; }
};

// The index of a window's greatest value, from 0, row by row; `cut` if that was not above 0 and a relu made it 0.
using Place = std::uint8_t;
constexpr Place cut = 255;

// T is float, or std::uint16_t for bfloat16. Rows are output rows of all images: [images * down].
template <class T>
struct Pool {
    void (*greatest)(const Windows& by, const T* in, std::int64_t first_row, std::int64_t rows, bool relu, T* out,
                     Place* places);
    // Writes the input's gradient for these rows' images, except for the remainder below the last row of windows.
    void (*spread)(const Windows& by, const T* gradient, const Place* places, std::int64_t first_row, std::int64_t rows,
                   T* to_in);
};

// The loops for this machine.
template <class T>
const Pool<T>& pool();

}  // namespace freeze::kernels
