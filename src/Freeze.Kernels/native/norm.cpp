// Batch norm, with or without a relu after it: statistics, values, sums of gradients, and gradients each take one pass over
// memory; libtorch takes several.
#include "norm.h"

#include <cmath>

#include "loops/numbers.h"
#include "loops/rows.h"

using namespace freeze;

// The data of all channels of a norm. x has the channels at `live`, or all if that is null; the other `constants` channels, at
// `constant`, have the same value everywhere: `values`.
struct NormWeights {
    const void *weight, *bias;
    void *running_mean, *running_variance;
    double momentum, epsilon;
    // Whether to use the batch's statistics, and update the running ones, instead of using the running ones.
    int training;
    // Means and variances of the batch [2, room], or null. Those of the first `known` channels are read; the others are written.
    double* moments;
    std::int64_t known, room;
    const std::int64_t *live, *constant;
    std::int64_t constants;
    const void* values;

    std::int64_t at(std::int64_t channel) const { return live == nullptr ? channel : live[channel]; }
};

namespace {

// Means and variances over all rows, for the channels from `first` on.
template <class T>
void find_moments(const T* x, const Matrix& of, std::int64_t first, double* mean, double* variance) {
    using N = kernels::Number<T>;
    const std::int64_t channels = of.channels - first;
    x += first;
    // Relative to the first row, which is near the mean: so the square of a sum does not swallow the variance.
    std::vector<N> pivot(channels);
    for (std::int64_t c = 0; c < channels; c++) {
        pivot[c] = kernels::number(x[c]);
    }
    const auto [sums, squares] =
        add_up(of.rows, channels, 0, [&](std::int64_t start, std::int64_t few, double* a, double* b, float*) {
            kernels::rows<T>().moments(x + start * of.stride, of.stride, few, channels, pivot.data(), a, b);
        });
    for (std::int64_t c = 0; c < channels; c++) {
        // Not std::max: NaN must remain visible.
        const double m = sums[c] / of.rows, square = squares[c] / of.rows - m * m;
        mean[first + c] = m + pivot[c];
        variance[first + c] = square < 0 ? 0 : square;
    }
}

}  // namespace

// Writes the normaliser of x to `by` [4, channels].
FREEZE_API int freeze_norm_begin(Type type, const void* x, const Matrix* of, const NormWeights* weights, void* by) {
    return guarded([&] {
        with_type(type, [&](auto kind) {
            using T = decltype(kind);
            using N = kernels::Number<T>;
            const std::int64_t channels = of->channels;
            N *mean = static_cast<N*>(by), *inverse = mean + channels, *scale = inverse + channels, *shift = scale + channels;
            N* running_mean = static_cast<N*>(weights->running_mean);
            N* running_variance = static_cast<N*>(weights->running_variance);
            if (weights->training != 0) {
                const bool kept = weights->moments != nullptr;
                std::vector<double> own(kept ? 0 : 2 * channels);
                const auto move = [&](N& moving, double to) {
                    moving = static_cast<N>(weights->momentum * to + (1 - weights->momentum) * moving);
                };
                double* means = kept ? weights->moments : own.data();
                double* variances = means + (kept ? weights->room : channels);
                const std::int64_t known = kept ? weights->known : 0;
                if (known < channels) {
                    find_moments(static_cast<const T*>(x), *of, known, means, variances);
                }
                for (std::int64_t c = 0; c < channels; c++) {
                    mean[c] = static_cast<N>(means[c]);
                    inverse[c] = static_cast<N>(1 / std::sqrt(variances[c] + weights->epsilon));
                    move(running_mean[weights->at(c)], means[c]);
                    move(running_variance[weights->at(c)], variances[c] * of->rows / (of->rows - 1));
                }
                for (std::int64_t c = 0; c < weights->constants; c++) {
                    move(running_mean[weights->constant[c]], static_cast<const N*>(weights->values)[c]);
                    move(running_variance[weights->constant[c]], 0);
                }
            } else {
                for (std::int64_t c = 0; c < channels; c++) {
                    mean[c] = running_mean[weights->at(c)];
                    inverse[c] =
                        static_cast<N>(1 / std::sqrt(static_cast<double>(running_variance[weights->at(c)]) + weights->epsilon));
                }
            }
            for (std::int64_t c = 0; c < channels; c++) {
                scale[c] = static_cast<const N*>(weights->weight)[weights->at(c)] * inverse[c];
                shift[c] = static_cast<const N*>(weights->bias)[weights->at(c)] - mean[c] * scale[c];
            }
        });
    });
}

// y = x scale + shift; negative results become 0 if `relu` is not 0.
FREEZE_API int freeze_norm_apply(Type type, const void* x, const Matrix* of, const void* by, int relu, void* y) {
    return guarded([&] {
        with_type(type, [&](auto kind) {
            using T = decltype(kind);
            const Normaliser<kernels::Number<T>> n(by, of->channels);
            in_parts(of->rows, of->channels, 0, [&](std::int64_t, std::int64_t start, std::int64_t few, float*) {
                kernels::rows<T>().scale(static_cast<const T*>(x) + start * of->stride, of->stride, few, of->channels, n.scale,
                                         n.shift, relu != 0, static_cast<T*>(y) + start * of->channels);
            });
        });
    });
}

// Takes the gradient of y. x shows again where the relu gave 0, so nothing but x is kept.
FREEZE_API int freeze_norm_backward(Type type, const void* gradient, const void* x, const Matrix* of, const void* by,
                                    const NormGradients* to) {
    return guarded([&] {
        with_type(type, [&](auto kind) {
            using T = decltype(kind);
            using N = kernels::Number<T>;
            const std::int64_t rows = of->rows, channels = of->channels;
            const Normaliser<N> n(by, channels);
            const T *g = static_cast<const T*>(gradient), *in = static_cast<const T*>(x);
            Sums sums;
            if (to->wants_sums()) {
                sums = add_up(rows, channels, 0,
                              [&](std::int64_t start, std::int64_t few, double* a, double* b, float*) {
                                  kernels::rows<T>().gradient_moments(g + start * channels, in + start * of->stride, of->stride,
                                                                      few, channels, n.scale, n.shift, n.mean, to->relu != 0, a, b);
                              });
                weight_gradients(sums, channels, n, *to);
            }
            if (to->input != nullptr) {
                const Slopes<N> slopes(sums, rows, channels, n, to->training != 0);
                in_parts(rows, channels, room_for_gradients<T>(*to, channels),
                         [&](std::int64_t, std::int64_t start, std::int64_t few, float* room) {
                             input_gradient<T>(*to, start, few, channels, room, [&](std::int64_t row, std::int64_t count, T* out) {
                                 kernels::rows<T>().gradient(g + row * channels, in + row * of->stride, of->stride, count, channels,
                                                             n.scale, n.shift, slopes.b.data(), slopes.c.data(), to->relu != 0,
                                                             out);
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
                    kernels::rows<T>().moments(static_cast<const T*>(x) + start * channels, channels, few, channels, zeros.data(), a, b);
                });
            std::copy(sums.first.begin(), sums.first.end(), to);
        });
    });
}
