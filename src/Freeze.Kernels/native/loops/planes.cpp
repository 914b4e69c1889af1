// Compiled once for each instruction set, as rows.cpp is.
#include "planes.h"

#include "bands.h"

namespace freeze::kernels::FREEZE_SET {
namespace {

// As many sums as the registers hold.
constexpr int most_filters = 4, most_taps = 3;
#ifdef __AVX512F__
constexpr int most_vectors = 6;
#else
constexpr int most_vectors = 1;
#endif

std::int64_t buffer(const Taps& by) {
    const Band band{by};
    return band.size(band.rows) * band.images;
}

std::int64_t packed(const Taps& by) { return by.out.channels * by.in.channels * by.height * by.width; }

// [filters / most_filters][channels][taps][filters of these]
void pack(const Taps& by, const float* kernel, bool turned, float* to) {
    const std::int64_t filters = by.out.channels, channels = by.in.channels, taps = by.height * by.width;
    for (std::int64_t f = 0; f < filters; f += most_filters) {
        for (std::int64_t c = 0; c < channels; c++) {
            for (std::int64_t t = 0; t < taps; t++) {
                for (std::int64_t k = f; k < filters && k < f + most_filters; k++) {
                    *to++ = turned ? kernel[(c * filters + k) * taps + taps - 1 - t] : kernel[(k * channels + c) * taps + t];
                }
            }
        }
    }
}

// Some lanes of some filters' planes.
template <int few, int vectors>
void convolve_block(const Band& band, const float* in, std::int64_t in_plane, const std::int64_t* distances, const float* kernel,
                    const float* bias, float* out, std::int64_t out_plane) {
    Lane sum[few][vectors];
#pragma GCC unroll 4
    for (int f = 0; f < few; f++) {
#pragma GCC unroll 6
        for (int v = 0; v < vectors; v++) {
            sum[f][v] = Lane{} + (bias == nullptr ? 0 : bias[f]);
        }
    }
    for (std::int64_t c = 0; c < band.by.in.channels; c++, in += in_plane) {
        for (std::int64_t t = 0; t < band.taps; t++, kernel += few) {
            const float* from = in + distances[t];
#pragma GCC unroll 6
            for (int v = 0; v < vectors; v++) {
                const Lane pixels = load(from + v * lane);
#pragma GCC unroll 4
                for (int f = 0; f < few; f++) {
                    sum[f][v] += kernel[f] * pixels;
                }
            }
        }
    }
#pragma GCC unroll 4
    for (int f = 0; f < few; f++) {
#pragma GCC unroll 6
        for (int v = 0; v < vectors; v++) {
            store(out + f * out_plane + v * lane, sum[f][v]);
        }
    }
}

// All lanes of some filters' planes.
template <int few>
void convolve_planes(const Band& band, const float* in, std::int64_t in_plane, const std::int64_t* distances, const float* kernel,
                     const float* bias, float* out, std::int64_t out_plane) {
    const std::int64_t length = out_plane - lane;
    std::int64_t i = 0;
    for (; length - i >= most_vectors * lane; i += most_vectors * lane) {
        convolve_block<few, most_vectors>(band, in + i, in_plane, distances, kernel, bias, out + i, out_plane);
    }
    if constexpr (most_vectors > 3) {
        for (; length - i >= 3 * lane; i += 3 * lane) {
            convolve_block<few, 3>(band, in + i, in_plane, distances, kernel, bias, out + i, out_plane);
        }
    }
    for (; i < length; i += lane) {
        convolve_block<few, 1>(band, in + i, in_plane, distances, kernel, bias, out + i, out_plane);
    }
}

constexpr std::int64_t most_kernel = 7 * 7;

template <class T>
void convolve(const Taps& by, const T* in, const float* packed, const float* bias, T* out, std::int64_t first,
              std::int64_t images, float* buffer) {
    const Band band{by};
    std::int64_t distances[most_kernel];
    for (std::int64_t t = 0; t < band.taps; t++) {
        distances[t] = band.distance(t);
    }
    constexpr auto by_filters = [](std::int64_t few) {
        return few == 1 ? convolve_planes<1> : few == 2 ? convolve_planes<2> : few == 3 ? convolve_planes<3> : convolve_planes<4>;
    };
    const auto planes = by.scale == nullptr ? to_planes<false, T> : to_planes<true, T>;
    for (std::int64_t image = first; image < first + images; image++) {
        for (std::int64_t row = 0, rows; row < by.out.height; row += rows) {
            rows = by.out.height - row < band.rows ? by.out.height - row : band.rows;
            const std::int64_t in_plane = band.in_plane(rows), out_plane = band.out_plane(rows);
            float* outputs = buffer + in_plane * by.in.channels;
            planes(by, by.in, in, image, row - by.padding, rows + by.height - 1, by.padding, band.across, in_plane, buffer);
            for (std::int64_t f = 0; f < by.out.channels; f += most_filters) {
                const std::int64_t few = by.out.channels - f < most_filters ? by.out.channels - f : most_filters;
                by_filters(few)(band, buffer, in_plane, distances, packed + f * by.in.channels * band.taps,
                                bias == nullptr ? nullptr : bias + f, outputs + f * out_plane, out_plane);
            }
            from_planes(by.out, outputs, out_plane, band.across, image, row, rows, out);
        }
    }
}

inline float total(Lane values) {
    float sum = 0;
    for (int i = 0; i < lane; i++) {
        sum += values[i];
    }
    return sum;
}

// Adds the contribution of some images' planes to the gradients of some taps, for some filters and one channel.
template <int few>
void add_products(const float* in, std::int64_t in_image, const std::int64_t* distances, const float* gradient,
                  std::int64_t gradient_plane, std::int64_t gradient_image, std::int64_t images, float* sums,
                  std::int64_t filter, std::int64_t some) {
    Lane sum[few][most_taps] = {};
    for (std::int64_t image = 0; image < images; image++, in += in_image, gradient += gradient_image) {
        for (std::int64_t i = 0; i < gradient_plane - lane; i += lane) {
            Lane gradients[few];
#pragma GCC unroll 4
            for (int f = 0; f < few; f++) {
                gradients[f] = load(gradient + f * gradient_plane + i);
            }
#pragma GCC unroll 3
            for (int t = 0; t < most_taps; t++) {
                const Lane pixels = load(in + distances[t] + i);
#pragma GCC unroll 4
                for (int f = 0; f < few; f++) {
                    sum[f][t] += gradients[f] * pixels;
                }
            }
        }
    }
    for (int f = 0; f < few; f++) {
        for (std::int64_t t = 0; t < some; t++) {
            sums[f * filter + t] += total(sum[f][t]);
        }
    }
}

template <class T>
void add_gradient(const Taps& by, const T* in, const T* gradient, std::int64_t first, std::int64_t images, float* sums,
                  float* buffer) {
    const Band band{by};
    const std::int64_t channels = by.in.channels, filters = by.out.channels;
    const auto planes = by.scale == nullptr ? to_planes<false, T> : to_planes<true, T>;
    constexpr auto by_filters = [](std::int64_t few) {
        return few == 1 ? add_products<1> : few == 2 ? add_products<2> : few == 3 ? add_products<3> : add_products<4>;
    };
    for (std::int64_t image = first, lot; image < first + images; image += lot) {
        lot = first + images - image < band.images ? first + images - image : band.images;
        for (std::int64_t row = 0, rows; row < by.out.height; row += rows) {
            rows = by.out.height - row < band.rows ? by.out.height - row : band.rows;
            const std::int64_t in_plane = band.in_plane(rows), out_plane = band.out_plane(rows);
            float* gradients = buffer + lot * in_plane * channels;
            for (std::int64_t i = 0; i < lot; i++) {
                planes(by, by.in, in, image + i, row - by.padding, rows + by.height - 1, by.padding, band.across, in_plane,
                       buffer + i * in_plane * channels);
                to_planes<false>(by, by.out, gradient, image + i, row, rows, 0, band.across, out_plane,
                                 gradients + i * out_plane * filters);
            }
            for (std::int64_t c = 0; c < channels; c++) {
                for (std::int64_t t = 0; t < band.taps; t += most_taps) {
                    const std::int64_t some = band.taps - t < most_taps ? band.taps - t : most_taps;
                    std::int64_t distances[most_taps];
                    for (std::int64_t k = 0; k < most_taps; k++) {
                        distances[k] = band.distance(t + (k < some ? k : some - 1));
                    }
                    for (std::int64_t f = 0; f < filters; f += most_filters) {
                        const std::int64_t few = filters - f < most_filters ? filters - f : most_filters;
                        by_filters(few)(buffer + c * in_plane, in_plane * channels, distances, gradients + f * out_plane,
                                        out_plane, out_plane * filters, lot, sums + (f * channels + c) * band.taps + t,
                                        channels * band.taps, some);
                    }
                }
            }
        }
    }
}

template <class T>
constexpr Planes<T> table = {packed, pack, buffer, convolve<T>, add_gradient<T>};

}  // namespace

extern const Planes<float> planes_of_float = table<float>;
extern const Planes<std::uint16_t> planes_of_bfloat16 = table<std::uint16_t>;

}  // namespace freeze::kernels::FREEZE_SET
