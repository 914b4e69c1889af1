// Convolutions with the gradients that are wanted and no others: of a whole kernel or of a slice that alone learns, of an
// input or of what a norm makes of it, by libtorch or by loops of our own.
#include <torch/csrc/autograd/custom_function.h>

#include "api.h"
#include "filters.h"
#include "kernels/rows.h"
#include "maps.h"
#include "normalisation.h"
#include "parts.h"
#include "pointwise.h"
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

// What a convolution is, but for its tensors.
struct Filters {
    at::IntArrayRef stride, padding;
    // What learns of the kernel: all (-1), or entries along this dimension.
    int64_t dimension;
    bool by_winograd;
};

// By Winograd's algorithm, or as matrix products of a norm's output that is not kept; gradients also for a few filters alone.
enum class Way : int64_t { libtorch, winograd, pointwise, filters };

// conv2d by `whole`, of x or of what a norm makes of x. What learns of the kernel is `learning`: all, or the entries at
// `places`. Kernels and biases keep their type; libtorch computes with them in that of the input. A norm's output is not
// kept for the gradients but made again from x.
class Convolution : public torch::autograd::Function<Convolution> {
    // The graph has an edge for each tensor that is given, in the order of `forward`.
    static constexpr int64_t edge_of_norm = 3, edges_of_norm = 4;

    static Way way(const Tensor& x, const Tensor& kernel, const Optional<Tensor>& bias, const Normalisation* norm,
                   const Filters& filters) {
        const auto ours = [](const Tensor& w) {
            return w.device().is_cpu() && w.scalar_type() == at::kFloat && w.is_contiguous();
        };
        if (!ours(kernel) || (bias.has_value() && (!ours(*bias) || bias->numel() != kernel.size(0)))) {
            return Way::libtorch;
        }
        if (norm != nullptr && pointwise::serves(x, kernel, *norm, filters.stride, filters.padding)) {
            return Way::pointwise;
        }
        return filters.by_winograd && winograd::serves(x, kernel, filters.stride, filters.padding) &&
                       (norm == nullptr || norm->relu)
                   ? Way::winograd
                   : Way::libtorch;
    }

    // With a pixel's channels side by side. libtorch takes any strides for those where a side of the maps is 1.
    static Tensor in_channels_last(const Tensor& gradient) {
        const int64_t channels = gradient.size(1), height = gradient.size(2), width = gradient.size(3);
        return gradient.contiguous(at::MemoryFormat::ChannelsLast)
            .as_strided(gradient.sizes(), {height * width * channels, 1, width * channels, channels});
    }

    // The same where our loops would not find the pixels otherwise; they take some channels of a larger tensor too.
    static Tensor as_maps(const Tensor& x) { return is_maps(x) ? x : in_channels_last(x); }

    // What our own loops make of it.
    static Tensor gradient_of_kernel(Way way, const Tensor& x, const Tensor& gradient, at::IntArrayRef kernel, int64_t padding,
                                     const Normalisation* norm) {
        switch (way) {
            case Way::filters:
                return filters::kernel_gradient(as_maps(x), as_maps(gradient), kernel, padding, norm);
            case Way::winograd:
                return winograd::kernel_gradient(as_maps(x), as_maps(gradient), padding, norm);
            default:
                return pointwise::kernel_gradient(x.contiguous(at::MemoryFormat::ChannelsLast),
                                                  gradient.contiguous(at::MemoryFormat::ChannelsLast), *norm);
        }
    }

public:
    static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& learning, const Tensor& whole,
                          const Optional<Tensor>& norm_weight, const Optional<Tensor>& norm_bias,
                          const Optional<Tensor>& running_mean, const Optional<Tensor>& running_variance,
                          const Optional<Tensor>& bias, const Optional<Tensor>& places, const Filters& filters,
                          const NormMode& mode) {
        Normalisation by{};
        const Normalisation* norm = nullptr;
        if (norm_weight.has_value()) {
            by = normalisation(x, {*norm_weight, *norm_bias, *running_mean, *running_variance}, mode);
            norm = &by;
        }
        const Way way = Convolution::way(x, whole, bias, norm, filters);
        context->save_for_backward({x, whole, places.value_or(Tensor()), by.mean, by.inverse, by.scale, by.shift});
        auto& data = context->saved_data;
        data["way"] = static_cast<int64_t>(way);
        data["dimension"] = filters.dimension;
        data["stride"] = filters.stride;
        data["padding"] = filters.padding;
        data["bias"] = bias.has_value();
        data["type"] = learning.scalar_type();
        data["training"] = mode.training;
        data["relu"] = mode.relu;
        switch (way) {
            case Way::winograd:
                return winograd::convolve(x, whole, bias.value_or(Tensor()), filters.padding[0], norm);
            case Way::pointwise:
                return pointwise::convolve(x, whole, bias.value_or(Tensor()), by);
            default:
                const auto like = [&](const Tensor& value) { return value.to(x.scalar_type()); };
                return at::conv2d(norm != nullptr ? normalise(x, by) : x, like(whole),
                                  bias.has_value() ? Optional<Tensor>(like(*bias)) : bias, filters.stride, filters.padding);
        }
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        const auto saved = context->get_saved_variables();
        const Tensor &x = saved[0], &whole = saved[1], &places = saved[2];
        auto& data = context->saved_data;
        const Way way = static_cast<Way>(data["way"].toInt());
        const auto dimension = data["dimension"].toInt();
        const auto stride = data["stride"].toIntVector(), padding = data["padding"].toIntVector();
        const auto type = data["type"].toScalarType();
        const Normalisation by{saved[3], saved[4], saved[5], saved[6], data["training"].toBool(), data["relu"].toBool()};
        const Normalisation* norm = by.scale.defined() ? &by : nullptr;
        const auto wants = [&](int64_t edge) { return context->needs_input_grad(edge); };
        const bool wants_norm = norm != nullptr && (wants(edge_of_norm) || wants(edge_of_norm + 1)),
                   wants_x = wants(0) || wants_norm, wants_kernel = wants(1),
                   wants_bias = data["bias"].toBool() && wants(edge_of_norm + (norm != nullptr ? edges_of_norm : 0));
        const Way of_kernel = dimension == 0 && way != Way::pointwise &&
                                      filters::serves(x, places.numel(), whole.sizes(), stride, padding)
                                  ? Way::filters
                                  : way;
        const Tensor gradient =
            way == Way::libtorch && of_kernel == way ? gradients[0] : in_channels_last(gradients[0]);
        auto by_libtorch = [&](const Tensor& of, const Tensor& input, const Tensor& kernel, std::array<bool, 3> wanted) {
            const int64_t sizes[] = {of.size(1)};
            return at::convolution_backward(of, input, kernel.to(x.scalar_type()), at::IntArrayRef(sizes), stride, padding,
                                            {1, 1}, false, {0, 0}, 1, wanted);
        };
        Tensor to_x, to_kernel, to_bias;
        NormGradients to_norm;
        if (wants_kernel) {
            const Tensor of = dimension == 0 ? entries(gradient, 1, places) : gradient;
            Tensor input = x;
            Normalisation of_input = by;
            if (dimension == 1) {
                input = entries(x, 1, places);
                if (norm != nullptr) {
                    of_input.scale = entries(by.scale, 0, places);
                    of_input.shift = entries(by.shift, 0, places);
                }
            }
            // Our loops take the input and the norm; libtorch what comes of both.
            if (norm != nullptr && of_kernel == Way::libtorch) {
                input = normalise(input.contiguous(at::MemoryFormat::ChannelsLast), of_input);
            }
            if (of_kernel != Way::libtorch) {
                to_kernel = gradient_of_kernel(of_kernel, input, of, whole.sizes(), padding[0],
                                               norm != nullptr ? &of_input : nullptr);
            } else if (dimension < 0) {
                // All at once, as libtorch prefers it.
                std::tie(to_x, to_kernel, to_bias) = by_libtorch(of, input, whole, {wants_x, true, wants_bias});
            } else {
                const Tensor kernel = dimension < 2 ? entries(whole, dimension, places) : whole;
                to_kernel = std::get<1>(by_libtorch(of.contiguous(gradient.suggest_memory_format()),
                                                    input.contiguous(x.suggest_memory_format()), kernel,
                                                    {false, true, false}));
            }
            to_kernel = dimension < 2 ? to_kernel : entries(to_kernel, dimension, places);
        }
        if (wants_x && way == Way::pointwise) {
            to_norm = pointwise::gradients(gradient, whole, x, by, {wants(0), wants_norm});
        } else if (wants_x) {
            if (!to_x.defined()) {
                to_x = way == Way::winograd ? winograd::convolve_back(gradient, whole, padding[0])
                                            : std::get<0>(by_libtorch(gradient, x, whole, {true, false, false}));
            }
            to_norm = norm != nullptr ? freeze::gradients(to_x, x, by, {wants(0), wants_norm})
                                      : NormGradients{to_x, Tensor(), Tensor()};
        }
        if (wants_bias && !to_bias.defined()) {
            to_bias = way == Way::libtorch ? gradient.sum({0, 2, 3}) : channel_sums(gradient);
        }
        const auto typed = [&](const Tensor& made) { return made.defined() ? made.to(type) : made; };
        return {to_norm.input, typed(to_kernel), Tensor(), to_norm.weight, to_norm.bias, Tensor(),
                Tensor(),      typed(to_bias),   Tensor(), Tensor(),       Tensor()};
    }
};

Tensor convolve(const Tensor& x, const Tensor& learning, const Tensor& whole, const NormHandles* norm, Handle bias,
                const Optional<Tensor>& places, const Filters& filters) {
    if (norm == nullptr) {
        const Optional<Tensor> none;
        return Convolution::apply(x, learning, whole, none, none, none, none, get_optional(bias), places, filters,
                                  NormMode{});
    }
    const NormWeights weights = norm->weights();
    const NormMode mode = norm->mode();
    if (!can_normalise(x, weights)) {
        return convolve(batch_norm(x, weights, mode), learning, whole, nullptr, bias, places, filters);
    }
    const auto given = [](const Tensor& tensor) { return Optional<Tensor>(tensor); };
    return Convolution::apply(x, learning, whole, given(weights.weight), given(weights.bias), given(weights.running_mean),
                              given(weights.running_variance), get_optional(bias), places, filters, mode);
}

}  // namespace

// conv2d by a kernel that learns as a whole, or not at all; of what `norm` makes of the input, unless it is null.
FREEZE_API int freeze_conv2d_whole(Handle input, const NormHandles* norm, Handle weight, Handle bias, const int64_t* stride,
                                   const int64_t* padding, int by_winograd, Handle* result) {
    return making(result, [&] {
        const Tensor kernel = get(weight);
        return convolve(get(input), kernel, kernel.detach(), norm, bias, Optional<Tensor>(),
                        {view(stride, 2), view(padding, 2), -1, by_winograd != 0});
    });
}

// conv2d by `whole`, which has the values of `slice` at `places` along `dimension`; gradients go to the slice.
FREEZE_API int freeze_conv2d_slice(Handle input, const NormHandles* norm, Handle slice, Handle whole, Handle bias,
                                   int64_t dimension, Handle places, const int64_t* stride, const int64_t* padding,
                                   int by_winograd, Handle* result) {
    return making(result, [&] {
        return convolve(get(input), get(slice), get(whole), norm, bias, Optional<Tensor>(get(places)),
                        {view(stride, 2), view(padding, 2), dimension, by_winograd != 0});
    });
}
