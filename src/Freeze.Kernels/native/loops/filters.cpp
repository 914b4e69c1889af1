// Compiled once for each instruction set, as rows.cpp is.
#include "filters.h"

#include "lanes.h"
#include "numbers.h"

namespace freeze::kernels::FREEZE_SET {
namespace {

// As many sums as the registers hold.
#ifdef __AVX512F__
constexpr int most_taps = 9, most_filters = 3;
#else
constexpr int most_taps = 3, most_filters = 2;
#endif

// Outputs are computed in bands of rows that fit the second-level cache. The rows of an image follow each other with their
// padding, and so do those of the gradient, with zeros in place of the padding: so a tap is a fixed distance.
//
// A pixel fills whole lanes. If one lane can hold the channels of all pixels below a row of the kernel, the pixels have no gaps:
// loading at a pixel then reads the kernel's whole row, which becomes a single tap.
struct Band {
    const Taps& by;
    bool by_rows = by.in.channels * by.width <= lane;
    std::int64_t across = by.in.width + 2 * by.padding, lanes = whole_lanes(by.in.channels) / lane;
    // Floats from a pixel to the next one.
    std::int64_t step = by_rows ? by.in.channels : lane;
    std::int64_t taps = by_rows ? by.height : by.height * by.width;

    std::int64_t pixels(std::int64_t rows) const { return (rows + by.height - 1) * across; }
    std::int64_t rows() const {
        constexpr std::int64_t cached = 96 << 10;
        const std::int64_t most = cached / (lanes * step) / across - by.height + 1;
        return most < 1 ? 1 : most < by.out.height ? most : by.out.height;
    }
    std::int64_t distance(std::int64_t tap) const {
        return (by_rows ? tap * across : tap / by.width * across + tap % by.width) * step;
    }
};

std::int64_t buffer(const Taps& by) {
    const Band band{by};
    return band.pixels(band.rows()) * (band.lanes * band.step + by.out.channels) + 2 * lane;
}

// [channels / lane][filters][taps][lane]
std::int64_t sums(const Taps& by) {
    const Band band{by};
    return band.lanes * lane * by.out.channels * band.taps;
}

// Copies a pixel of the image, or the norm's output for it, to the planes of its lanes.
template <bool normed, class T>
void copy_pixel(const Taps& by, const T* from, std::int64_t plane, float* to) {
    for (std::int64_t c = 0; c < by.in.channels; c += lane, to += plane) {
        const std::int64_t count = by.in.channels - c;
        Lane values = load(from + c, count);
        if (normed) {
            values = values * load(by.scale + c, count) + load(by.shift + c, count);
            values = by.relu ? relu(values) : values;
        }
        store(to, values);
    }
}

// Rows of an image with its padding, lane by lane: [channels / lane][pixels][step]. A pixel is stored as whole lanes; the next
// pixel overwrites the excess.
template <bool normed, class T>
void copy_image(const Taps& by, const T* in, std::int64_t image, std::int64_t first_row, std::int64_t rows, float* to) {
    const Maps& maps = by.in;
    const Band band{by};
    const std::int64_t plane = rows * band.across * band.step;
    for (std::int64_t row = 0; row < rows; row++) {
        const std::int64_t y = first_row + row - by.padding;
        const T* from = in + (image * maps.height + y) * maps.width * maps.stride;
        for (std::int64_t x = -by.padding; x < maps.width + by.padding; x++, to += band.step) {
            for (std::int64_t c = 0; c < maps.channels; c += 64 / sizeof(T)) {
                // Prefetches the next row, to avoid waiting for memory.
                __builtin_prefetch(from + (x + maps.width) * maps.stride + c);
            }
            if (y >= 0 && y < maps.height && x >= 0 && x < maps.width) {
                copy_pixel<normed>(by, from + x * maps.stride, plane, to);
            } else {
                for (std::int64_t l = 0; l < band.lanes; l++) {
                    store(to + l * plane, Lane{});
                }
            }
        }
    }
}

// [pixels][filters]
template <class T>
void copy_gradient(const Taps& by, const T* gradient, std::int64_t image, std::int64_t first_row, std::int64_t rows,
                   float* to) {
    const Maps& maps = by.out;
    const std::int64_t gap = (Band{by}.across - maps.width) * maps.channels;
    for (std::int64_t row = 0; row < rows; row++) {
        const T* from = gradient + (image * maps.height + first_row + row) * maps.width * maps.stride;
        for (std::int64_t x = 0; x < maps.width; x++, from += maps.stride) {
            for (std::int64_t k = 0; k < maps.channels; k++) {
                *to++ = number(from[k]);
            }
        }
        for (std::int64_t i = 0; i < gap; i++) {
            *to++ = 0;
        }
    }
}

// Adds to the sums [filters][all taps][lane] of some filters and taps.
template <int few>
void add_products(const float* image, std::int64_t step, const std::int64_t* distances, const float* gradient,
                  std::int64_t filters, std::int64_t pixels, float* sums, std::int64_t all_taps, std::int64_t some_taps) {
    Lane sum[few][most_taps] = {};
    for (std::int64_t i = 0; i < pixels; i++, image += step) {
#pragma GCC unroll 9
        for (int t = 0; t < most_taps; t++) {
            const Lane pixel = load(image + distances[t]);
#pragma GCC unroll 3
            for (int f = 0; f < few; f++) {
                sum[f][t] += gradient[i * filters + f] * pixel;
            }
        }
    }
#pragma GCC unroll 3
    for (int f = 0; f < few; f++) {
#pragma GCC unroll 9
        for (int t = 0; t < most_taps; t++) {
            float* place = sums + (f * all_taps + t) * lane;
            if (t < some_taps) {
                store(place, load(place) + sum[f][t]);
            }
        }
    }
}

template <class T>
void add_gradient(const Taps& by, const T* in, const T* gradient, std::int64_t first, std::int64_t images, float* sums,
                  float* buffer) {
    const Band band{by};
    const std::int64_t filters = by.out.channels, all_taps = band.taps;
    for (std::int64_t image = first; image < first + images; image++) {
        for (std::int64_t row = 0; row < by.out.height; row += band.rows()) {
            const std::int64_t rows = by.out.height - row < band.rows() ? by.out.height - row : band.rows();
            const std::int64_t lines = band.pixels(rows);
            float* gradients = buffer + lines * band.lanes * band.step;
            (by.scale == nullptr ? copy_image<false, T> : copy_image<true, T>)(by, in, image, row, rows + by.height - 1,
                                                                               buffer);
            copy_gradient(by, gradient, image, row, rows, gradients);
            // There are no outputs after the last one.
            const std::int64_t pixels = (rows - 1) * band.across + by.out.width;
            for (std::int64_t l = 0; l < band.lanes; l++) {
                for (std::int64_t t = 0; t < all_taps; t += most_taps) {
                    std::int64_t distances[most_taps];
                    const std::int64_t some = all_taps - t < most_taps ? all_taps - t : most_taps;
                    for (std::int64_t k = 0; k < most_taps; k++) {
                        distances[k] = band.distance(t + (k < some ? k : some - 1));
                    }
                    const float* from = buffer + l * lines * band.step;
                    for (std::int64_t f = 0, few; f < filters; f += few) {
                        // Four are split into two and two.
                        const std::int64_t left = filters - f;
                        few = left == 1 ? 1 : left == 2 || left == 4 ? 2 : most_filters;
                        const auto add = few == 1 ? add_products<1> : few == 2 ? add_products<2> : add_products<most_filters>;
                        add(from, band.step, distances, gradients + f, filters, pixels,
                            sums + ((l * filters + f) * all_taps + t) * lane, all_taps, some);
                    }
                }
            }
        }
    }
}

void unpack(const Taps& by, const float* sums, float* to) {
    const Band band{by};
    const std::int64_t filters = by.out.channels, channels = by.in.channels;
    for (std::int64_t f = 0; f < filters; f++) {
        for (std::int64_t c = 0; c < channels; c++) {
            for (std::int64_t t = 0; t < by.height * by.width; t++) {
                *to++ = band.by_rows ? sums[(f * band.taps + t / by.width) * lane + t % by.width * channels + c]
                                     : sums[((c / lane * filters + f) * band.taps + t) * lane + c % lane];
            }
        }
    }
}

template <class T>
constexpr Filters<T> table = {buffer, sums, add_gradient<T>, unpack};

}  // namespace

extern const Filters<float> filters_of_float = table<float>;
extern const Filters<std::uint16_t> filters_of_bfloat16 = table<std::uint16_t>;

}  // namespace freeze::kernels::FREEZE_SET
