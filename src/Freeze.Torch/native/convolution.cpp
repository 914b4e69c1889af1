// Convolutions with the gradients that are wanted and no others: of a whole kernel or of a slice that alone learns, by
// libtorch or by Winograd's algorithm.
#include <torch/csrc/autograd/custom_function.h>

#include "api.h"
#include "kernels/rows.h"
#include "parts.h"
#include "winograd.h"

using namespace freeze;

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The entries of a tensor at some places along a dimension; a view where they lie side by side. Places on a GPU are not
// looked at, which would wait for it.
Tensor entries(const Tensor& tensor, int64_t dimension, const Tensor& places) {
    if (!places.device().is_cpu()) {
        return tensor.index_select(dimension, places).contiguous(tensor.suggest_memory_format());
    }
    const int64_t* place = places.data_ptr<int64_t>();
    const int64_t count = places.numel();
    if (place[count - 1] - place[0] == count - 1) {
        return tensor.narrow(dimension, place[0], count);
    }
    // In the order that the tensor itself has in memory.
    return tensor.index_select(dimension, places).contiguous(tensor.suggest_memory_format());
}

// Sums over all but the channels, in channels-last order, as single numbers.
template <class T>
Tensor sums_of_rows(const Tensor& gradient) {
    const int64_t channels = gradient.size(1), rows = gradient.numel() / channels;
    const std::vector<float> zeros(channels);
    const T* from = static_cast<T*>(gradient.data_ptr());
    const auto sums = add_up(rows, channels, [&](int64_t start, int64_t few, double* a, double* b) {
        kernels::rows<T>().moments(from + start * channels, few, channels, zeros.data(), a, b);
    }).first;
    Tensor made = at::empty({channels}, at::kFloat);
    std::copy(sums.begin(), sums.end(), made.data_ptr<float>());
    return made;
}

Tensor channel_sums(const Tensor& gradient) {
    return gradient.scalar_type() == at::kFloat ? sums_of_rows<float>(gradient) : sums_of_rows<std::uint16_t>(gradient);
}

// conv2d by `whole`. What learns of it is `learning`: all (dimension -1), or the entries at `places` along `dimension`.
// Kernels and biases keep their type; libtorch computes with them in that of the input.
class Convolution : public torch::autograd::Function<Convolution> {
public:
    static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& learning, const Tensor& whole,
                          const Optional<Tensor>& bias, int64_t dimension,
                          const Optional<Tensor>& places, at::IntArrayRef stride, at::IntArrayRef padding, bool by_winograd) {
        by_winograd = by_winograd && winograd::serves(x, whole, stride, padding);
        context->save_for_backward({x, whole, places.value_or(Tensor())});
        context->saved_data["dimension"] = dimension;
        context->saved_data["stride"] = stride;
        context->saved_data["padding"] = padding;
        context->saved_data["bias"] = bias.has_value();
        context->saved_data["type"] = learning.scalar_type();
        context->saved_data["winograd"] = by_winograd;
        if (by_winograd) {
            return winograd::convolve(x, whole, bias, padding[0], false);
        }
        const auto like = [&](const Tensor& value) { return value.to(x.scalar_type()); };
        return at::conv2d(x, like(whole), bias.has_value() ? Optional<Tensor>(like(*bias)) : bias, stride, padding);
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        const auto saved = context->get_saved_variables();
        const Tensor &x = saved[0], &whole = saved[1], &places = saved[2];
        const auto dimension = context->saved_data["dimension"].toInt();
        const auto stride = context->saved_data["stride"].toIntVector();
        const auto padding = context->saved_data["padding"].toIntVector();
        const auto type = context->saved_data["type"].toScalarType();
        const bool by_winograd = context->saved_data["winograd"].toBool();
        const bool wants_x = context->needs_input_grad(0), wants_kernel = context->needs_input_grad(1),
                   wants_bias = context->saved_data["bias"].toBool() && context->needs_input_grad(3);
        const Tensor gradient = by_winograd ? gradients[0].contiguous(at::MemoryFormat::ChannelsLast) : gradients[0];
        auto by_libtorch = [&](const Tensor& of, const Tensor& input, const Tensor& kernel, std::array<bool, 3> wanted) {
            const int64_t sizes[] = {of.size(1)};
            return at::convolution_backward(of, input, kernel.to(x.scalar_type()), at::IntArrayRef(sizes), stride, padding, {1, 1}, false, {0, 0}, 1,
                                            wanted);
        };
        Tensor to_x, to_kernel, to_bias;
        if (!by_winograd && dimension < 0) {
            std::tie(to_x, to_kernel, to_bias) = by_libtorch(gradient, x, whole, {wants_x, wants_kernel, wants_bias});
        } else {
            if (wants_x) {
                to_x = by_winograd ? winograd::convolve(gradient, whole, {}, padding[0], true)
                                   : std::get<0>(by_libtorch(gradient, x, whole, {true, false, false}));
            }
            if (wants_kernel) {
                const Tensor of = dimension == 0 ? entries(gradient, 1, places) : gradient;
                const Tensor input = dimension == 1 ? entries(x, 1, places) : x;
                const Tensor kernel = dimension == 0 || dimension == 1 ? entries(whole, dimension, places) : whole;
                to_kernel = by_winograd ? winograd::kernel_gradient(input, of, padding[0])
                                        : std::get<1>(by_libtorch(of.contiguous(gradient.suggest_memory_format()),
                                                                  input.contiguous(x.suggest_memory_format()), kernel,
                                                                  {false, true, false}));
                to_kernel = dimension < 2 ? to_kernel : entries(to_kernel, dimension, places);
            }
            if (wants_bias) {
                to_bias = by_winograd ? channel_sums(gradient) : gradient.sum({0, 2, 3});
            }
        }
        const auto typed = [&](const Tensor& made) { return made.defined() ? made.to(type) : made; };
        return {to_x,     typed(to_kernel), Tensor(), typed(to_bias), Tensor(),
                Tensor(), Tensor(),         Tensor(), Tensor()};
    }
};

}  // namespace

// conv2d by a kernel that learns as a whole, or not at all.
FREEZE_API int freeze_conv2d_whole(Handle input, Handle weight, Handle bias, const int64_t* stride, const int64_t* padding,
                                   int by_winograd, Handle* result) {
    return making(result, [&] {
        const Tensor kernel = get(weight);
        return Convolution::apply(get(input), kernel, kernel.detach(), get_optional(bias), int64_t{-1}, Optional<Tensor>(),
                                  view(stride, 2), view(padding, 2), by_winograd != 0);
    });
}

// conv2d by `whole`, which has the values of `slice` at `places` along `dimension`; gradients go to the slice.
FREEZE_API int freeze_conv2d_slice(Handle input, Handle slice, Handle whole, Handle bias, int64_t dimension, Handle places,
                                   const int64_t* stride, const int64_t* padding, int by_winograd, Handle* result) {
    return making(result, [&] {
        return Convolution::apply(get(input), get(slice), get(whole), get_optional(bias), dimension,
                                  Optional<Tensor>(get(places)),
                                  view(stride, 2), view(padding, 2), by_winograd != 0);
    });
}
