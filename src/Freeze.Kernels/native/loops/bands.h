// The layout of images while they are convolved plane by plane (planes.h), in the namespace of their instruction set.
#pragma once

#include <cstring>

#include "lanes.h"
#include "taps.h"

namespace freeze::kernels::FREEZE_SET {
namespace {

// A batch is processed a few images, or one band of an image's rows, at a time: as much as fits the second-level cache.
struct Band {
    const Taps& by;
    std::int64_t taps = by.height * by.width, across = by.in.width + 2 * by.padding;
    std::int64_t rows = fitting_rows(), images = fitting_images();

    // Floats in a plane of r rows of outputs; whole lanes are read past the last row.
    std::int64_t in_plane(std::int64_t r) const { return whole_lanes((r + by.height - 1) * across + by.width) + lane; }
    std::int64_t out_plane(std::int64_t r) const { return length(r) + lane; }
    // The part of a plane of outputs that is computed.
    std::int64_t length(std::int64_t r) const { return whole_lanes(r * across); }
    std::int64_t distance(std::int64_t tap) const { return tap / by.width * across + tap % by.width; }
    std::int64_t size(std::int64_t r) const { return in_plane(r) * by.in.channels + out_plane(r) * by.out.channels; }

private:
    static constexpr std::int64_t cached = 96 << 10, most_images = 8;

    std::int64_t fitting_rows() const {
        std::int64_t r = by.out.height;
        while (r > 1 && size(r) > cached) {
            r = (r + 1) / 2;
        }
        return r;
    }
    std::int64_t fitting_images() const {
        const std::int64_t many = rows < by.out.height ? 1 : cached / size(rows);
        return many < 1 ? 1 : many > most_images ? most_images : many;
    }
};

template <int step>
inline void exchange(Lane* rows) {
    typedef std::int32_t Places __attribute__((vector_size(64)));
    Places low, high;
    for (int i = 0; i < lane; i++) {
        low[i] = i & step ? i - step + lane : i;
        high[i] = i & step ? i + lane : i + step;
    }
#pragma GCC unroll 16
    for (int i = 0; i < lane; i++) {
        if ((i & step) == 0) {
            const Lane a = rows[i], b = rows[i + step];
            rows[i] = __builtin_shuffle(a, b, low);
            rows[i + step] = __builtin_shuffle(a, b, high);
        }
    }
}

inline void transpose(Lane* rows) {
    exchange<1>(rows);
    exchange<2>(rows);
    exchange<4>(rows);
    exchange<8>(rows);
}

// Copies rows of an image, or the norm's output for them, to one plane per channel. A plane's row starts with `left` zeros and is
// `across` numbers long, with zeros at its end. Rows outside the image are zeros.
template <bool normed, class T>
void to_planes(const Taps& by, const Maps& maps, const T* from, std::int64_t image, std::int64_t first_row, std::int64_t rows,
               std::int64_t left, std::int64_t across, std::int64_t plane, float* to) {
    std::memset(to, 0, maps.channels * plane * sizeof(float));
    for (std::int64_t row = 0; row < rows; row++) {
        const std::int64_t y = first_row + row;
        if (y < 0 || y >= maps.height) {
            continue;
        }
        const T* pixels = from + (image * maps.height + y) * maps.width * maps.stride;
        // Numbers after the last pixel are 0; they land where zeros or later rows belong.
        for (std::int64_t x = 0; x < maps.width; x += lane) {
            const std::int64_t some = maps.width - x < lane ? maps.width - x : lane;
            for (std::int64_t c = 0; c < maps.channels; c += lane) {
                const std::int64_t count = maps.channels - c < lane ? maps.channels - c : lane;
                const Lane scale = normed ? load(by.scale + c, count) : Lane{}, shift = normed ? load(by.shift + c, count) : Lane{};
                Lane values[lane] = {};
                for (std::int64_t i = 0; i < some; i++) {
                    values[i] = load(pixels + (x + i) * maps.stride + c, count);
                    values[i] = normed ? relu(values[i] * scale + shift) : values[i];
                }
                transpose(values);
                for (std::int64_t k = 0; k < count; k++) {
                    store(to + (c + k) * plane + row * across + left + x, values[k]);
                }
            }
        }
    }
}

// Copies planes of filters to the pixels of an image's rows.
template <class T>
void from_planes(const Maps& maps, const float* from, std::int64_t plane, std::int64_t across, std::int64_t image,
                 std::int64_t first_row, std::int64_t rows, T* to) {
    for (std::int64_t row = 0; row < rows; row++) {
        T* pixels = to + (image * maps.height + first_row + row) * maps.width * maps.stride;
        for (std::int64_t x = 0; x < maps.width; x += lane) {
            const std::int64_t some = maps.width - x < lane ? maps.width - x : lane;
            for (std::int64_t c = 0; c < maps.channels; c += lane) {
                const std::int64_t count = maps.channels - c < lane ? maps.channels - c : lane;
                Lane values[lane] = {};
                for (std::int64_t k = 0; k < count; k++) {
                    values[k] = load(from + (c + k) * plane + row * across + x, some);
                }
                transpose(values);
                for (std::int64_t i = 0; i < some; i++) {
                    store(pixels + (x + i) * maps.stride + c, values[i], count);
                }
            }
        }
    }
}

}  // namespace
}  // namespace freeze::kernels::FREEZE_SET
