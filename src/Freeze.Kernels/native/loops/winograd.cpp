// Compiled once for each instruction set, as rows.cpp is.
#include "winograd.h"

#include "tiles.h"

namespace freeze::kernels::FREEZE_SET {
namespace {

// The distance between the numbers of two points, with one extra lane: lines a multiple of 4 KiB apart would share the same few
// places in a cache.
constexpr std::int64_t apart(std::int64_t rows, std::int64_t width) { return rows * width + lane; }

std::int64_t clamp(std::int64_t value, std::int64_t least, std::int64_t most) {
    return value < least ? least : value > most ? most : value;
}

void clear(float* from, std::int64_t count) {
    for (std::int64_t i = 0; i < count; i++) {
        from[i] = 0;
    }
}

// The algorithm for one kind of tile.
template <class Tile>
struct Loops {
    static constexpr int side = Tile::side, kernel = Tile::kernel, size = side + kernel - 1;
    static constexpr std::int64_t points = size * size, taps = kernel * kernel;

    // The tiles of a batch of outputs, image by image and row by row.
    struct Tiles {
        const Filtering& by;
        std::int64_t down = (by.out.height + side - 1) / side, across = (by.out.width + side - 1) / side;

        struct Place {
            std::int64_t image, row, column;
        };
        Place operator[](std::int64_t tile) const {
            return {tile / (down * across), tile / across % down * side, tile % across * side};
        }

        // The offset of a tile's first pixel, `padding` pixels up and to the left, in numbers from the start of the maps.
        std::int64_t corner(std::int64_t tile, const Maps& maps, std::int64_t padding) const {
            const Place place = (*this)[tile];
            return ((place.image * maps.height + place.row - padding) * maps.width + place.column - padding) * maps.stride;
        }
    };

    // Prefetches the pixels of a tile in rows and columns `first` to `last`, for reading or writing some lanes after c: of this
    // tile, or of the next one, given their corners. Hardware does not predict such strides; without prefetching, transforms
    // mostly wait for memory. The addresses may lie outside the maps.
    template <int first, int last, bool written, class T>
    static __attribute__((always_inline)) inline void fetch(const T* maps_begin, std::int64_t corner, std::int64_t next,
                                                            const Maps& maps, std::int64_t c, std::int64_t width) {
        constexpr std::int64_t lead = 8 * lane;
        const std::int64_t soon = c + (width < lead ? width : lead);
        const T* from = maps_begin + (soon < width ? corner + soon : next + soon - width);
        for (int i = first; i < last; i++) {
            for (int j = first; j < last; j++) {
                __builtin_prefetch(from + (i * maps.width + j) * maps.stride, written);
            }
        }
    }

    // The addresses of the pixels of a tile that begins `padding` pixels up and to the left of its place; zeros outside the maps.
    template <int extent, class T>
    static void pixels(const T* in, const Maps& maps, const typename Tiles::Place& place, std::int64_t padding, const T* zeros,
                       const T* (&from)[extent][extent]) {
        for (int i = 0; i < extent; i++) {
            for (int j = 0; j < extent; j++) {
                const std::int64_t y = place.row + i - padding, x = place.column + j - padding;
                const bool inside = y >= 0 && y < maps.height && x >= 0 && x < maps.width;
                from[i][j] = inside ? in + ((place.image * maps.height + y) * maps.width + x) * maps.stride : zeros;
            }
        }
    }

    // The transformed inputs of some tiles: [size * size, rows, channels in whole lanes].
    template <class T, bool normed>
    static void transform_inputs(const Filtering& by, const T* in, std::int64_t first, std::int64_t count, std::int64_t rows,
                                 const T* zeros, float* to) {
        const Tiles tiles{by};
        const Maps& maps = by.in;
        const std::int64_t width = whole_lanes(maps.channels);
        for (std::int64_t t = 0; t < count; t++) {
            const T* from[size][size];
            pixels(in, maps, tiles[first + t], by.padding, zeros, from);
            const std::int64_t corner = tiles.corner(first + t, maps, by.padding);
            const std::int64_t next = tiles.corner(first + t + 1, maps, by.padding);
            for (std::int64_t c = 0; c < width; c += lane) {
                // The tiles before and above have fetched the others.
                fetch<size - side, size, false>(in, corner, next, maps, c, width);
                const std::int64_t count = maps.channels - c;
                const Lane scale = normed ? load(by.scale + c, count) : Lane{};
                const Lane shift = normed ? load(by.shift + c, count) : Lane{};
                square<size, size>(
                    [&](int i, int j) {
                        const Lane value = load(from[i][j] + c, count);
                        return normed && from[i][j] != zeros ? relu(value * scale + shift) : value;
                    },
                    [&](int i, int j, Lane value) { store(to + (i * size + j) * apart(rows, width) + t * width + c, value); },
                    Line<Tile>::of_input);
            }
        }
    }

    template <class T>
    static void transform_inputs(const Filtering& by, const T* in, std::int64_t first, std::int64_t count, std::int64_t rows,
                                 const T* zeros, float* to) {
        (by.scale == nullptr ? transform_inputs<T, false> : transform_inputs<T, true>)(by, in, first, count, rows, zeros, to);
    }

    // The transposed output transform of gradients: [size * size, rows, channels in whole lanes].
    template <class T>
    static void transform_gradients(const Filtering& by, const T* gradient, std::int64_t first, std::int64_t count,
                                    std::int64_t rows, const T* zeros, float* to) {
        const Tiles tiles{by};
        const Maps& maps = by.out;
        const std::int64_t width = whole_lanes(maps.channels);
        for (std::int64_t t = 0; t < count; t++) {
            const T* from[side][side];
            pixels(gradient, maps, tiles[first + t], 0, zeros, from);
            const std::int64_t corner = tiles.corner(first + t, maps, 0), next = tiles.corner(first + t + 1, maps, 0);
            for (std::int64_t c = 0; c < width; c += lane) {
                fetch<0, side, false>(gradient, corner, next, maps, c, width);
                square<side, size>(
                    [&](int i, int j) { return load(from[i][j] + c, maps.channels - c); },
                    [&](int i, int j, Lane value) { store(to + (i * size + j) * apart(rows, width) + t * width + c, value); },
                    Line<Tile>::of_gradient);
            }
        }
    }

    template <class T>
    static void transform_outputs(const Filtering& by, const float* products, const float* bias, std::int64_t first,
                                  std::int64_t count, std::int64_t rows, T* out) {
        const Tiles tiles{by};
        const Maps& maps = by.out;
        const std::int64_t width = whole_lanes(maps.channels);
        for (std::int64_t t = 0; t < count; t++) {
            const auto place = tiles[first + t];
            const std::int64_t corner = tiles.corner(first + t, maps, 0), next = tiles.corner(first + t + 1, maps, 0);
            T* to = out + corner;
            for (std::int64_t c = 0; c < width; c += lane) {
                fetch<0, side, true>(out, corner, next, maps, c, width);
                const Lane plus = bias == nullptr ? Lane{} : load(bias + c, maps.channels - c);
                square<size, side>(
                    [&](int i, int j) { return load(products + (i * size + j) * apart(rows, width) + t * width + c); },
                    [&](int i, int j, Lane value) {
                        if (place.row + i < maps.height && place.column + j < maps.width) {
                            store(to + (i * maps.width + j) * maps.stride + c, value + plus, maps.channels - c);
                        }
                    },
                    Line<Tile>::of_output);
            }
        }
    }

    // The size of panels of up to two lanes of outputs: [points][panel][inputs][lanes].
    static std::int64_t packed(std::int64_t inputs, std::int64_t outputs) {
        return points * apart(inputs, whole_lanes(outputs));
    }

    static void pack(const float* kernels, std::int64_t inputs, std::int64_t outputs, bool turned, std::int64_t first_lane,
                     std::int64_t lanes_wanted, float* to) {
        const std::int64_t width = whole_lanes(outputs);
        // The memory order is [outputs, inputs, kernel, kernel]; the turned convolution exchanges outputs and inputs.
        const std::int64_t of_output = turned ? taps : inputs * taps, of_input = turned ? outputs * taps : taps;
        panels(width, [&](std::int64_t first, std::int64_t lanes) {
            for (std::int64_t l = 0; l < lanes; l++) {
                const std::int64_t start = first + l * lane;
                if (start / lane < first_lane || start / lane >= first_lane + lanes_wanted) {
                    continue;
                }
                const std::int64_t some = outputs - start < lane ? outputs - start : lane;
                for (std::int64_t c = 0; c < inputs; c++) {
                    Lane w[kernel][kernel] = {};
                    const float* from = kernels + start * of_output + c * of_input;
                    for (std::int64_t k = 0; k < some; k++) {
                        for (int i = 0; i < taps; i++) {
                            w[i / kernel][i % kernel][k] = from[k * of_output + (turned ? taps - 1 - i : i)];
                        }
                    }
                    square<kernel, size>(
                        [&](int i, int j) { return w[i][j]; },
                        [&](int i, int j, Lane value) {
                            float* place = to + (i * size + j) * apart(inputs, width) + first * inputs + (c * lanes + l) * lane;
                            __builtin_prefetch(place + 8 * lanes * lane, true);
                            store(place, value);
                        },
                        Line<Tile>::of_kernel);
                }
            }
        });
    }

    // Bytes of a tile's transformed inputs and outputs.
    static std::int64_t tile_bytes(std::int64_t inputs, std::int64_t outputs) {
        return points * (whole_lanes(inputs) + whole_lanes(outputs)) * 4;
    }

    // Measured with AVX-512: few are best, though each batch reads all kernels. Transforms write to size * size places at a
    // time, and are up to twice as slow where these lie in a larger cache. Kernels that fit no cache are read less often.
    static std::int64_t tiles_at_once(std::int64_t inputs, std::int64_t outputs) {
        constexpr std::int64_t cached = 16 << 20;
        return packed(inputs, outputs) * 4 > cached ? 24 : 12;
    }

    static std::int64_t sums(std::int64_t inputs, std::int64_t outputs) {
        return points * apart(whole_lanes(inputs), whole_lanes(outputs));
    }

    // Each batch of tiles reads and writes the sums once, so a batch is as large as the sums are.
    static std::int64_t tiles_of_gradient(std::int64_t inputs, std::int64_t outputs) {
        const std::int64_t bytes = clamp(sums(inputs, outputs) * 4, 192 << 10, 12 << 20);
        return clamp(bytes / tile_bytes(inputs, outputs), 24, 256);
    }

    // The size of the zeros that stand for pixels outside the image.
    static std::int64_t nothing(std::int64_t inputs, std::int64_t outputs) {
        return whole_lanes(inputs) + whole_lanes(outputs);
    }

    static std::int64_t buffer(std::int64_t tiles, std::int64_t inputs, std::int64_t outputs) {
        return nothing(inputs, outputs) + tiles * tile_bytes(inputs, outputs) / 4 + 2 * points * lane;
    }

    static std::int64_t buffer(std::int64_t inputs, std::int64_t outputs) {
        return buffer(tiles_at_once(inputs, outputs), inputs, outputs);
    }

    static std::int64_t buffer_of_gradient(std::int64_t inputs, std::int64_t outputs) {
        return buffer(tiles_of_gradient(inputs, outputs), inputs, outputs);
    }

    template <class T>
    static void convolve(const Filtering& by, const T* in, const float* kernels, const float* bias, T* out, std::int64_t first,
                         std::int64_t count, float* buffer) {
        const std::int64_t inputs = by.in.channels, outputs = by.out.channels;
        const std::int64_t rows = (count + 3) / 4 * 4, wide_in = whole_lanes(inputs), wide_out = whole_lanes(outputs);
        float* zeros = buffer;
        float* images = zeros + nothing(inputs, outputs);
        float* products = images + points * apart(rows, wide_in);
        clear(zeros, nothing(inputs, outputs));
        for (std::int64_t p = 0; p < points; p++) {
            clear(images + p * apart(rows, wide_in) + count * wide_in, (rows - count) * wide_in);
        }
        transform_inputs(by, in, first, count, rows, reinterpret_cast<const T*>(zeros), images);
        for (std::int64_t p = 0; p < points; p++) {
            panels(wide_out, [&](std::int64_t c, std::int64_t lanes) {
                const float* a = images + p * apart(rows, wide_in);
                const float* b = kernels + p * apart(inputs, wide_out) + c * inputs;
                float* to = products + p * apart(rows, wide_out) + c;
                product<Singles>(lanes, a, wide_in, 1, b, lanes * lane, inputs, rows, to, wide_out, false);
            });
        }
        transform_outputs(by, products, bias, first, count, rows, out);
    }

    template <class T>
    static void add_gradient(const Filtering& by, const T* in, const T* gradient, std::int64_t first, std::int64_t count,
                             float* sums, float* buffer) {
        const std::int64_t inputs = by.in.channels, outputs = by.out.channels;
        const std::int64_t wide_in = whole_lanes(inputs), wide_out = whole_lanes(outputs);
        float* zeros = buffer;
        float* images = zeros + nothing(inputs, outputs);
        float* gradients = images + points * apart(count, wide_in);
        clear(zeros, nothing(inputs, outputs));
        transform_inputs(by, in, first, count, count, reinterpret_cast<const T*>(zeros), images);
        transform_gradients(by, gradient, first, count, count, reinterpret_cast<const T*>(zeros), gradients);
        for (std::int64_t p = 0; p < points; p++) {
            panels(wide_out, [&](std::int64_t c, std::int64_t lanes) {
                const float* a = images + p * apart(count, wide_in);
                const float* b = gradients + p * apart(count, wide_out) + c;
                float* to = sums + p * apart(wide_in, wide_out) + c;
                product<Singles>(lanes, a, 1, wide_in, b, wide_out, count, wide_in, to, wide_out, true);
            });
        }
    }

    static void unpack(const float* sums, std::int64_t inputs, std::int64_t outputs, std::int64_t first, std::int64_t count,
                       float* to) {
        const std::int64_t wide_in = whole_lanes(inputs), wide_out = whole_lanes(outputs);
        for (std::int64_t start = first; start < first + count; start += lane) {
            const std::int64_t some = first + count - start < lane ? first + count - start : lane;
            for (std::int64_t c = 0; c < inputs; c++) {
                Lane w[kernel][kernel];
                square<size, kernel>(
                    [&](int i, int j) { return load(sums + (i * size + j) * apart(wide_in, wide_out) + c * wide_out + start); },
                    [&](int i, int j, Lane value) { w[i][j] = value; }, Line<Tile>::to_kernel);
                for (std::int64_t k = 0; k < some; k++) {
                    for (int i = 0; i < taps; i++) {
                        to[((start + k) * inputs + c) * taps + i] = w[i / kernel][i % kernel][k];
                    }
                }
            }
        }
    }
};

template <class Tile, class T, class By = Loops<Tile>>
constexpr Winograd<T> table = {By::side,
                               By::packed,
                               By::pack,
                               By::tiles_at_once,
                               By::tiles_of_gradient,
                               By::buffer,
                               By::buffer_of_gradient,
                               By::template convolve<T>,
                               By::sums,
                               By::template add_gradient<T>,
                               By::unpack};

}  // namespace

extern const Winograd<float> winograd_of_float = table<Four, float>;
extern const Winograd<std::uint16_t> winograd_of_bfloat16 = table<Four, std::uint16_t>;
extern const Winograd<std::uint16_t> wide_winograd_of_bfloat16 = table<Eight, std::uint16_t>;
extern const Winograd<float> winograd5_of_float = table<FourOfFive, float>;
extern const Winograd<std::uint16_t> winograd5_of_bfloat16 = table<FourOfFive, std::uint16_t>;

}  // namespace freeze::kernels::FREEZE_SET
