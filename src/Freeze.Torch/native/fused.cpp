// Operations that libtorch lacks, or has in several passes over memory where one is enough. Each is checked against
// libtorch's own in the tests, and Fused.cs says what it is in libtorch's terms.
#include <torch/csrc/autograd/custom_function.h>

#include <vector>

#include "api.h"
#include "kernels/rows.h"
#include "parts.h"

using namespace freeze;

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// [rows, channels] in memory, whatever the shape says.
bool is_rows(const Tensor& x) {
    return x.dim() == 2 ? x.is_contiguous() : x.dim() == 4 && x.is_contiguous(at::MemoryFormat::ChannelsLast);
}

bool is_kernels(const Tensor& x) {
    return x.device().is_cpu() && x.numel() > 0 && is_rows(x) &&
           (x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble || x.scalar_type() == at::kBFloat16);
}

// T as it lies in memory, N the type of what there is one of for each channel.
template <class T>
struct Normalisation {
    using N = kernels::Number<T>;

    static T* data(const Tensor& x) { return static_cast<T*>(x.data_ptr()); }
    static N at(const Tensor& x, int64_t c) { return static_cast<N*>(x.data_ptr())[c]; }

    static Tensor forward(const Tensor& x, const Tensor& weight, const Tensor& bias, Tensor& mean, Tensor& inverse,
                          const Tensor& running_mean, const Tensor& running_variance, bool training, double momentum,
                          double epsilon, bool relu) {
        const int64_t channels = x.size(1), rows = x.numel() / channels;
        if (training) {
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
                static_cast<N*>(mean.data_ptr())[c] = static_cast<N>(whole);
                static_cast<N*>(inverse.data_ptr())[c] = static_cast<N>(1 / std::sqrt(variance + epsilon));
                N* moving = static_cast<N*>(running_mean.data_ptr()) + c;
                *moving = static_cast<N>(momentum * whole + (1 - momentum) * *moving);
                moving = static_cast<N*>(running_variance.data_ptr()) + c;
                *moving = static_cast<N>(momentum * variance * rows / (rows - 1) + (1 - momentum) * *moving);
            }
        } else {
            for (int64_t c = 0; c < channels; c++) {
                static_cast<N*>(mean.data_ptr())[c] = at(running_mean, c);
                static_cast<N*>(inverse.data_ptr())[c] =
                    static_cast<N>(1 / std::sqrt(static_cast<double>(at(running_variance, c)) + epsilon));
            }
        }
        std::vector<N> scale(channels), shift(channels);
        for (int64_t c = 0; c < channels; c++) {
            scale[c] = at(weight, c) * at(inverse, c);
            shift[c] = at(bias, c) - at(mean, c) * scale[c];
        }
        Tensor y = at::empty_like(x);
        in_parts(rows, channels, [&](int64_t, int64_t start, int64_t few) {
            kernels::rows<T>().scale(data(x) + start * channels, few, channels, scale.data(), shift.data(), relu,
                                     data(y) + start * channels);
        });
        return y;
    }

    static variable_list backward(const Tensor& gradient, const Tensor& y, const Tensor& x, const Tensor& weight,
                                  const Tensor& mean, const Tensor& inverse, bool training, bool relu, bool wants_input) {
        const int64_t channels = x.size(1), rows = x.numel() / channels;
        const N* means = static_cast<N*>(mean.data_ptr());
        auto [sums, products] = add_up(rows, channels, [&](int64_t start, int64_t few, double* a, double* b) {
            const int64_t o = start * channels;
            kernels::rows<T>().gradient_moments(data(gradient) + o, data(y) + o, data(x) + o, few, channels, means,
                                                relu, a, b);
        });
        Tensor to_weight = at::empty_like(weight), to_bias = at::empty_like(weight), to_input;
        for (int64_t c = 0; c < channels; c++) {
            static_cast<N*>(to_weight.data_ptr())[c] = static_cast<N>(products[c] * at(inverse, c));
            static_cast<N*>(to_bias.data_ptr())[c] = static_cast<N>(sums[c]);
        }
        if (wants_input) {
            std::vector<N> a(channels), b(channels), k(channels);
            for (int64_t c = 0; c < channels; c++) {
                const double scale = static_cast<double>(at(weight, c)) * at(inverse, c);
                a[c] = static_cast<N>(scale);
                if (training) {
                    const double slope = products[c] / rows * at(inverse, c) * at(inverse, c);
                    b[c] = static_cast<N>(-scale * slope);
                    k[c] = static_cast<N>(scale * (slope * means[c] - sums[c] / rows));
                }
            }
            to_input = at::empty_like(x);
            in_parts(rows, channels, [&](int64_t, int64_t start, int64_t few) {
                const int64_t o = start * channels;
                kernels::rows<T>().gradient(data(gradient) + o, data(y) + o, data(x) + o, few, channels, a.data(),
                                            b.data(), k.data(), relu, data(to_input) + o);
            });
        }
        return {to_input, to_weight, to_bias};
    }

    static N value(float x) { return static_cast<N>(x); }
    static N value(double x) { return static_cast<N>(x); }
    static N value(std::uint16_t x) {
        c10::BFloat16 bits(x, c10::BFloat16::from_bits());
        return static_cast<N>(static_cast<float>(bits));
    }
};

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

class BatchNorm : public torch::autograd::Function<BatchNorm> {
public:
    static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight, const Tensor& bias,
                          const Tensor& running_mean, const Tensor& running_variance, bool training, double momentum,
                          double epsilon, bool relu) {
        Tensor mean = at::empty_like(running_mean), inverse = at::empty_like(running_mean);
        Tensor y = with_type(x, [&](auto kind) {
            return Normalisation<decltype(kind)>::forward(x, weight, bias, mean, inverse, running_mean, running_variance,
                                                          training, momentum, epsilon, relu);
        });
        context->save_for_backward({x, y, weight, mean, inverse});
        context->saved_data["training"] = training;
        context->saved_data["relu"] = relu;
        return y;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        const auto saved = context->get_saved_variables();
        const Tensor &x = saved[0], &y = saved[1];
        const Tensor gradient = gradients[0].contiguous(x.dim() == 4 ? at::MemoryFormat::ChannelsLast
                                                                     : at::MemoryFormat::Contiguous);
        auto made = with_type(x, [&](auto kind) {
            return Normalisation<decltype(kind)>::backward(
                gradient, y, x, saved[2], saved[3], saved[4], context->saved_data["training"].toBool(),
                context->saved_data["relu"].toBool(), context->needs_input_grad(0));
        });
        return {made[0], made[1], made[2], Tensor(), Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
    }
};

}  // namespace

// Batch norm, and what is below 0 cut off where `relu` is not 0.
FREEZE_API int freeze_batch_norm_relu(Handle input, Handle mean, Handle variance, Handle weight, Handle bias,
                                      int training, double momentum, double epsilon, int relu, Handle* result) {
    return making(result, [&] {
        const Tensor x = get(input), w = get(weight), b = get(bias), m = get(mean), v = get(variance);
        const auto numbers = x.scalar_type() == at::kBFloat16 ? at::kFloat : x.scalar_type();
        if (is_kernels(x) && w.scalar_type() == numbers && m.scalar_type() == numbers && w.is_contiguous() &&
            b.is_contiguous() && x.numel() > x.size(1)) {
            return BatchNorm::apply(x, w, b, m, v, training != 0, momentum, epsilon, relu != 0);
        }
        const Tensor y = at::batch_norm(x, w, b, m, v, training != 0, momentum, epsilon, false);
        return relu != 0 ? at::relu(y) : y;
    });
}
