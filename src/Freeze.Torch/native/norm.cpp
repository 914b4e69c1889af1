// Batch norm and relu, which libtorch has in several passes over memory where one is enough. Checked against libtorch's own
// in the tests; Fused.cs says what it is in libtorch's terms.
#include <torch/csrc/autograd/custom_function.h>

#include "api.h"
#include "normalisation.h"

using namespace freeze;

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class BatchNorm : public torch::autograd::Function<BatchNorm> {
public:
    static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight, const Tensor& bias,
                          const Tensor& running_mean, const Tensor& running_variance, const NormMode& mode) {
        const Normalisation by = normalisation(x, {weight, bias, running_mean, running_variance}, mode);
        context->save_for_backward({x, by.mean, by.inverse, by.scale, by.shift});
        context->saved_data["training"] = by.training;
        context->saved_data["relu"] = by.relu;
        return normalise(x, by);
    }

    static variable_list backward(AutogradContext* context, variable_list of) {
        const auto saved = context->get_saved_variables();
        const Normalisation by{saved[1], saved[2], saved[3], saved[4], context->saved_data["training"].toBool(),
                               context->saved_data["relu"].toBool()};
        const NormWants wants{context->needs_input_grad(0), context->needs_input_grad(1) || context->needs_input_grad(2)};
        const NormGradients made = gradients(of[0], saved[0], by, wants);
        return {made.input, made.weight, made.bias, Tensor(), Tensor(), Tensor()};
    }
};

}  // namespace

Tensor freeze::batch_norm(const Tensor& x, const NormWeights& by, const NormMode& mode) {
    if (can_normalise(x, by)) {
        return BatchNorm::apply(x, by.weight, by.bias, by.running_mean, by.running_variance, mode);
    }
    const Tensor y = at::batch_norm(x, by.weight, by.bias, by.running_mean, by.running_variance, mode.training, mode.momentum,
                                    mode.epsilon, false);
    return mode.relu ? at::relu(y) : y;
}

// Batch norm, and the relu behind it where the norm says so.
FREEZE_API int freeze_normalise(Handle input, const NormHandles* norm, Handle* result) {
    return making(result, [&] { return batch_norm(get(input), norm->weights(), norm->mode()); });
}
