// Batch norm, with the relu behind it or alone, on [rows, channels] in memory: what is done once for a batch, and passes
// over memory that take it from there. A convolution that reads a norm has them too (convolution.cpp).
#pragma once

#include <utility>
#include <vector>

#include "api.h"

namespace freeze {

// As torch::batch_norm takes them: of each channel.
struct NormWeights {
    at::Tensor weight, bias, running_mean, running_variance;
};

struct NormMode {
    // By the statistics of the batch, which move the running ones; or by those.
    bool training;
    double momentum, epsilon;
    bool relu;
};

// Both as they come from the other side.
struct NormHandles {
    Handle weight_, bias_, mean_, variance_;
    double momentum_, epsilon_;
    int training_, relu_;

    NormWeights weights() const { return {get(weight_), get(bias_), get(mean_), get(variance_)}; }
    NormMode mode() const { return {training_ != 0, momentum_, epsilon_, relu_ != 0}; }
};

// What a batch is normalised by, for each channel: y = x scale + shift, cut off at 0 where `relu`.
struct Normalisation {
    at::Tensor mean, inverse, scale, shift;
    bool training, relu;
};

// Undefined is what was not wanted.
struct NormGradients {
    at::Tensor input, weight, bias;
};

struct NormWants {
    bool input, weights;
};

// Of each channel over all rows: the sums of g and of g (x - mean), where g is the gradient of x scale + shift.
using NormSums = std::pair<std::vector<double>, std::vector<double>>;

// Whether x [n, channels, ...] is one that the passes below can go over: on the processor, in channels-last order, of more
// than one value a channel, with weights in the type that it is computed in.
bool can_normalise(const at::Tensor& x, const NormWeights& weights);

// By what x is normalised; moves the running statistics where the mode says so.
Normalisation normalisation(const at::Tensor& x, const NormWeights& weights, const NormMode& mode);

// What comes of x.
at::Tensor normalise(const at::Tensor& x, const Normalisation& by);

// Of what comes of x, in x's order in memory. What was cut off is seen from x again, so nothing but x is kept for it.
NormGradients gradients(const at::Tensor& gradient, const at::Tensor& x, const Normalisation& by, NormWants wants);

// The sums that `add` makes; none where nothing is made of them, as for a norm at rest whose statistics are too.
template <class Add>
NormSums norm_sums(const Normalisation& by, NormWants wants, Add&& add) {
    return wants.weights || by.training ? add() : NormSums{};
}

// What is left when the sums are known: the weights' gradients without that of the input; and b and c of
// g scale + x b + c, which is that.
NormGradients weight_gradients(const NormSums& sums, const Normalisation& by, NormWants wants);
std::pair<at::Tensor, at::Tensor> slopes(const NormSums& sums, int64_t rows, const Normalisation& by);

// Norm and relu as an operation of its own, recorded for gradients; libtorch's where the passes cannot go.
at::Tensor batch_norm(const at::Tensor& x, const NormWeights& weights, const NormMode& mode);

}  // namespace freeze
