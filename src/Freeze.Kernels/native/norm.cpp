// Batch norm, with the relu behind it or alone: one pass over memory each for statistics, values, sums of gradients and
// gradients, where libtorch takes several.
#include "norm.h"

#include <cmath>

#include "loops/numbers.h"
#include "loops/rows.h"

using namespace freeze;

struct NormWeights {
    const void *weight, *bias;
    void *running_mean, *running_variance;
    double momentum, epsilon;
    // By the statistics of the batch, which also move the running ones; or by those.
    int training;
};

// Writes what x [rows, channels] is normalised by to by [4, channels].
FREEZE_API int freeze_norm_begin(Type type, const void* x, std::int64_t rows, std::int64_t channels,
                                 const NormWeights* weights, void* by) {
    return guarded([&] {
        with_type(type, [&](auto kind) {
            using T = decltype(kind);
            using N = kernels::Number<T>;
            const T* from = static_cast<const T*>(x);
            N *mean = static_cast<N*>(by), *inverse = mean + channels, *scale = inverse + channels, *shift = scale + channels;
            N* running_mean = static_cast<N*>(weights->running_mean);
            N* running_variance = static_cast<N*>(weights->running_variance);
            if (weights->training != 0) {
                // About the first row, which is near the mean: the square of a sum does not swallow the variance.
                std::vector<N> pivot(channels);
                for (std::int64_t c = 0; c < channels; c++) {
                    pivot[c] = kernels::number(from[c]);
                }
                const auto [sums, squares] = add_up(
                    rows, channels, 0, [&](std::int64_t start, std::int64_t few, double* a, double* b, float*) {
                        kernels::rows<T>().moments(from + start * channels, few, channels, pivot.data(), a, b);
                    });
                for (std::int64_t c = 0; c < channels; c++) {
                    // Not std::max: NaN must be seen.
                    const double m = sums[c] / rows, square = squares[c] / rows - m * m, variance = square < 0 ? 0 : square;
                    const double whole = m + pivot[c];
                    mean[c] = static_cast<N>(whole);
                    inverse[c] = static_cast<N>(1 / std::sqrt(variance + weights->epsilon));
                    const auto move = [&](N& moving, double to) {
                        moving = static_cast<N>(weights->momentum * to + (1 - weights->momentum) * moving);
                    };
                    move(running_mean[c], whole);
                    move(running_variance[c], variance * rows / (rows - 1));
                }
            } else {
                for (std::int64_t c = 0; c < channels; c++) {
                    mean[c] = running_mean[c];
                    inverse[c] = static_cast<N>(1 / std::sqrt(static_cast<double>(running_variance[c]) + weights->epsilon));
                }
            }
            for (std::int64_t c = 0; c < channels; c++) {
                scale[c] = static_cast<const N*>(weights->weight)[c] * inverse[c];
                shift[c] = static_cast<const N*>(weights->bias)[c] - mean[c] * scale[c];
            }
        });
    });
}

// y = x scale + shift, and 0 for what is below 0 where `relu` is not 0.
FREEZE_API int freeze_norm_apply(Type type, const void* x, std::int64_t rows, std::int64_t channels, const void* by, int relu,
                                 void* y) {
    return guarded([&] {
        with_type(type, [&](auto kind) {
            using T = decltype(kind);
            const Normaliser<kernels::Number<T>> n(by, channels);
            in_parts(rows, channels, 0, [&](std::int64_t, std::int64_t start, std::int64_t few, float*) {
                const std::int64_t o = start * channels;
                kernels::rows<T>().scale(static_cast<const T*>(x) + o, few, channels, n.scale, n.shift, relu != 0,
                                         static_cast<T*>(y) + o);
            });
        });
    });
}

// From the gradient of y. What the relu cut off is seen from x again, so nothing but x is kept for it.
FREEZE_API int freeze_norm_backward(Type type, const void* gradient, const void* x, std::int64_t rows, std::int64_t channels,
                                    const void* by, const NormGradients* to) {
    return guarded([&] {
        with_type(type, [&](auto kind) {
            using T = decltype(kind);
            using N = kernels::Number<T>;
            const Normaliser<N> n(by, channels);
            const T *g = static_cast<const T*>(gradient), *in = static_cast<const T*>(x);
            Sums sums;
            if (to->wants_sums()) {
                sums = add_up(rows, channels, 0,
                              [&](std::int64_t start, std::int64_t few, double* a, double* b, float*) {
                                  const std::int64_t o = start * channels;
                                  kernels::rows<T>().gradient_moments(g + o, in + o, few, channels, n.scale, n.shift, n.mean,
                                                                      to->relu != 0, a, b);
                              });
                weight_gradients(sums, channels, n, *to);
            }
            if (to->input != nullptr) {
                const Slopes<N> slopes(sums, rows, channels, n, to->training != 0);
                in_parts(rows, channels, 0, [&](std::int64_t, std::int64_t start, std::int64_t few, float*) {
                    input_gradient<T>(*to, start, few, channels, [&](std::int64_t row, std::int64_t count) {
                        const std::int64_t o = row * channels;
                        kernels::rows<T>().gradient(g + o, in + o, count, channels, n.scale, n.shift, slopes.b.data(),
                                                    slopes.c.data(), to->relu != 0, static_cast<T*>(to->input) + o);
                    });
                });
            }
        });
    });
}

// The sum of each channel over all rows.
FREEZE_API int freeze_channel_sums(Type type, const void* x, std::int64_t rows, std::int64_t channels, float* to) {
    return guarded([&] {
        with_singles(type, [&](auto kind) {
            using T = decltype(kind);
            const std::vector<float> zeros(channels);
            const Sums sums =
                add_up(rows, channels, 0, [&](std::int64_t start, std::int64_t few, double* a, double* b, float*) {
                    kernels::rows<T>().moments(static_cast<const T*>(x) + start * channels, few, channels, zeros.data(), a, b);
                });
            std::copy(sums.first.begin(), sums.first.end(), to);
        });
    });
}
