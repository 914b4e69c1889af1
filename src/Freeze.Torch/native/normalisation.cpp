#include "normalisation.h"

#include "kernels/rows.h"
#include "parts.h"

namespace freeze {
namespace {

using at::Tensor;

// [rows, channels] in memory, whatever the shape says.
bool is_rows(const Tensor& x) {
    return x.dim() == 2 ? x.is_contiguous() : x.dim() == 4 && x.is_contiguous(at::MemoryFormat::ChannelsLast);
}

// Calls work(a value of the type that lies in memory).
template <class Work>
auto with_type(const Tensor& x, Work&& work) {
    switch (x.scalar_type()) {
        case at::kFloat:
            return work(float{});
        case at::kDouble:
            return work(double{});
        default:
            return work(std::uint16_t{});
    }
}

float value(float x) { return x; }
double value(double x) { return x; }
float value(std::uint16_t x) { return static_cast<float>(c10::BFloat16(x, c10::BFloat16::from_bits())); }

// The passes over x: T as it lies in memory, N the type of what there is one of for each channel.
template <class T>
struct Passes {
    using N = kernels::Number<T>;

    const Tensor& x;
    const int64_t channels = x.size(1), rows = x.numel() / channels;

    static T* data(const Tensor& x) { return freeze::data<T>(x); }
    static N* numbers(const Tensor& x) { return static_cast<N*>(x.data_ptr()); }

    Normalisation normalisation(const NormWeights& weights, const NormMode& mode) const {
        const auto one = [&] { return at::empty_like(weights.running_mean); };
        const Normalisation by{one(), one(), one(), one(), mode.training, mode.relu};
        N *mean = numbers(by.mean), *inverse = numbers(by.inverse), *scale = numbers(by.scale), *shift = numbers(by.shift);
        N *running_mean = numbers(weights.running_mean), *running_variance = numbers(weights.running_variance);
        if (mode.training) {
            // About the first row, which is near the mean: the square of a sum does not swallow the variance.
            std::vector<N> pivot(channels);
            for (int64_t c = 0; c < channels; c++) {
                pivot[c] = value(data(x)[c]);
            }
            auto [sums, squares] = add_up(rows, channels, [&](int64_t start, int64_t few, double* a, double* b) {
                kernels::rows<T>().moments(data(x) + start * channels, few, channels, pivot.data(), a, b);
            });
            for (int64_t c = 0; c < channels; c++) {
                const double m = sums[c] / rows, variance = std::max(0.0, squares[c] / rows - m * m);
                const double whole = m + pivot[c];
                mean[c] = static_cast<N>(whole);
                inverse[c] = static_cast<N>(1 / std::sqrt(variance + mode.epsilon));
                const auto move = [&](N& moving, double by) {
                    moving = static_cast<N>(mode.momentum * by + (1 - mode.momentum) * moving);
                };
                move(running_mean[c], whole);
                move(running_variance[c], variance * rows / (rows - 1));
            }
        } else {
            for (int64_t c = 0; c < channels; c++) {
                mean[c] = running_mean[c];
                inverse[c] = static_cast<N>(1 / std::sqrt(static_cast<double>(running_variance[c]) + mode.epsilon));
            }
        }
        for (int64_t c = 0; c < channels; c++) {
            scale[c] = numbers(weights.weight)[c] * inverse[c];
            shift[c] = numbers(weights.bias)[c] - mean[c] * scale[c];
        }
        return by;
    }

    Tensor normalise(const Normalisation& by) const {
        Tensor y = at::empty_like(x);
        in_parts(rows, channels, [&](int64_t, int64_t start, int64_t few) {
            kernels::rows<T>().scale(data(x) + start * channels, few, channels, numbers(by.scale), numbers(by.shift),
                                     by.relu, data(y) + start * channels);
        });
        return y;
    }

    NormGradients gradients(const Tensor& gradient, const Normalisation& by, NormWants wants) const {
        const N *scale = numbers(by.scale), *shift = numbers(by.shift);
        const NormSums sums = norm_sums(by, wants, [&] {
            return add_up(rows, channels, [&](int64_t start, int64_t few, double* a, double* b) {
                const int64_t o = start * channels;
                kernels::rows<T>().gradient_moments(data(gradient) + o, data(x) + o, few, channels, scale, shift,
                                                    numbers(by.mean), by.relu, a, b);
            });
        });
        NormGradients made = weight_gradients(sums, by, wants);
        if (wants.input) {
            const auto [b, c] = slopes(sums, rows, by);
            const N *times = numbers(b), *plus = numbers(c);
            made.input = at::empty_like(x);
            in_parts(rows, channels, [&](int64_t, int64_t start, int64_t few) {
                const int64_t o = start * channels;
                kernels::rows<T>().gradient(data(gradient) + o, data(x) + o, few, channels, scale, shift, times, plus,
                                            by.relu, data(made.input) + o);
            });
        }
        return made;
    }
};

// Calls body(a number of the type that there is one of for each channel).
template <class Body>
auto with_numbers(const Normalisation& by, Body&& body) {
    return by.scale.scalar_type() == at::kDouble ? body(double{}) : body(float{});
}

}  // namespace

NormGradients weight_gradients(const NormSums& sums, const Normalisation& by, NormWants wants) {
    if (!wants.weights) {
        return {};
    }
    return with_numbers(by, [&](auto kind) {
        using N = decltype(kind);
        NormGradients made{Tensor(), at::empty_like(by.scale), at::empty_like(by.scale)};
        for (int64_t c = 0; c < by.scale.numel(); c++) {
            made.weight.data_ptr<N>()[c] = static_cast<N>(sums.second[c] * by.inverse.data_ptr<N>()[c]);
            made.bias.data_ptr<N>()[c] = static_cast<N>(sums.first[c]);
        }
        return made;
    });
}

std::pair<Tensor, Tensor> slopes(const NormSums& sums, int64_t rows, const Normalisation& by) {
    return with_numbers(by, [&](auto kind) {
        using N = decltype(kind);
        const Tensor b = at::zeros_like(by.scale), k = at::zeros_like(by.scale);
        const N *mean = by.mean.data_ptr<N>(), *inverse = by.inverse.data_ptr<N>(), *scale = by.scale.data_ptr<N>();
        // Running statistics are constants.
        for (int64_t c = 0; by.training && c < by.scale.numel(); c++) {
            const double slope = sums.second[c] / rows * inverse[c] * inverse[c];
            b.data_ptr<N>()[c] = static_cast<N>(-scale[c] * slope);
            k.data_ptr<N>()[c] = static_cast<N>(scale[c] * (slope * mean[c] - sums.first[c] / rows));
        }
        return std::pair(b, k);
    });
}

bool can_normalise(const Tensor& x, const NormWeights& weights) {
    const auto type = x.scalar_type();
    const auto numbers = type == at::kBFloat16 ? at::kFloat : type;
    const auto fits = [&](const Tensor& w) {
        return w.scalar_type() == numbers && w.is_contiguous() && w.device().is_cpu() && w.numel() == x.size(1);
    };
    return (type == at::kFloat || type == at::kDouble || type == at::kBFloat16) && x.device().is_cpu() && is_rows(x) &&
           x.numel() > x.size(1) && fits(weights.weight) && fits(weights.bias) && fits(weights.running_mean) &&
           fits(weights.running_variance);
}

Normalisation normalisation(const Tensor& x, const NormWeights& weights, const NormMode& mode) {
    return with_type(x, [&](auto kind) { return Passes<decltype(kind)>{x}.normalisation(weights, mode); });
}

Tensor normalise(const Tensor& x, const Normalisation& by) {
    return with_type(x, [&](auto kind) { return Passes<decltype(kind)>{x}.normalise(by); });
}

NormGradients gradients(const Tensor& gradient, const Tensor& x, const Normalisation& by, NormWants wants) {
    const Tensor rows = gradient.contiguous(x.dim() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
    return with_type(x, [&](auto kind) { return Passes<decltype(kind)>{x}.gradients(rows, by, wants); });
}

}  // namespace freeze
