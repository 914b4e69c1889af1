// A step of gradient descent in one pass over memory, where libtorch's operations make one for each of decay, momentum and
// step. Compiled for every machine: what bounds it is memory.
#include "api.h"
#include "parts.h"

using namespace freeze;

namespace {

using at::Tensor;

struct Rule {
    double rate, momentum, decay;
    bool nesterov;
};

// `gathered` may be null where there is no momentum.
template <class T>
void descend(T* weight, const T* gradient, T* gathered, int64_t count, const Rule& rule) {
    // Rounded where libtorch's operations round: a product that is added by a factor is rounded with the sum, momentum's
    // product by itself. In double a product of two singles is exact.
    const double rate = static_cast<T>(rule.rate), decay = static_cast<T>(rule.decay);
    const T momentum = static_cast<T>(rule.momentum);
    in_parts(count, 1, [&](int64_t, int64_t first, int64_t few) {
        T* __restrict__ w = weight + first;
        const T* __restrict__ g = gradient + first;
        if (gathered == nullptr) {
#pragma omp simd
            for (int64_t i = 0; i < few; i++) {
                const T pull = static_cast<T>(g[i] + decay * w[i]);
                w[i] = static_cast<T>(w[i] - rate * pull);
            }
            return;
        }
        T* __restrict__ m = gathered + first;
#pragma omp simd
        for (int64_t i = 0; i < few; i++) {
            const T pull = static_cast<T>(g[i] + decay * w[i]);
            m[i] = momentum * m[i] + pull;
            const T ahead = static_cast<T>(pull + static_cast<double>(momentum) * m[i]);
            w[i] = static_cast<T>(w[i] - rate * (rule.nesterov ? ahead : m[i]));
        }
    });
}

bool is_ours(const Tensor& weight, const Tensor& other) {
    return other.device().is_cpu() && other.is_contiguous() && other.scalar_type() == weight.scalar_type() &&
           other.numel() == weight.numel();
}

// Whether all of it is ours to compute; if so, it is done.
bool descended(const Tensor& weight, const Tensor& gradient, const Tensor* gathered, const Rule& rule) {
    const auto type = weight.scalar_type();
    if ((type != at::kFloat && type != at::kDouble) || !is_ours(weight, weight) || !is_ours(weight, gradient) ||
        (gathered != nullptr && !is_ours(weight, *gathered))) {
        return false;
    }
    const auto by = [&](auto kind) {
        using T = decltype(kind);
        descend(data<T>(weight), data<T>(gradient), gathered != nullptr ? data<T>(*gathered) : nullptr, weight.numel(), rule);
    };
    type == at::kFloat ? by(float{}) : by(double{});
    // As every operation in place does, so that a graph that still holds the old values is found out.
    weight.unsafeGetTensorImpl()->bump_version();
    return true;
}

}  // namespace

// Of each weight: weight -= rate * (gathered = momentum * gathered + (gradient + decay * weight)), or Nesterov's; without
// `gathered` (null) there is no momentum. Gradients may be overwritten.
FREEZE_API int freeze_sgd_step(const Handle* weights_, const Handle* gradients_, const Handle* gathered_, int64_t count,
                               double rate, double momentum, double decay, int nesterov) {
    return guarded([&] {
        at::NoGradGuard still;
        // What is not ours: all at once, since a GPU takes longer to be told of a small weight than to move it.
        std::vector<Tensor> weights, gradients, gathered;
        for (int64_t i = 0; i < count; i++) {
            Tensor weight = get(weights_[i]), gradient = get(gradients_[i]);
            const Tensor sum = gathered_ != nullptr ? get(gathered_[i]) : Tensor();
            if (!descended(weight, gradient, gathered_ != nullptr ? &sum : nullptr, {rate, momentum, decay, nesterov != 0})) {
                weights.push_back(weight);
                gradients.push_back(gradient);
                gathered.push_back(sum);
            }
        }
        if (weights.empty()) {
            return;
        }
        if (decay != 0) {
            at::_foreach_add_(gradients, weights, decay);
        }
        if (gathered_ != nullptr) {
            at::_foreach_mul_(gathered, momentum);
            at::_foreach_add_(gathered, gradients, 1);
            if (nesterov != 0) {
                at::_foreach_add_(gradients, gathered, momentum);
            }
        }
        at::_foreach_add_(weights, gathered_ != nullptr && nesterov == 0 ? gathered : gradients, -rate);
    });
}
