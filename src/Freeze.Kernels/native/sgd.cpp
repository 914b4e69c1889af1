// A step of gradient descent in one pass over memory; libtorch takes one for each of decay, momentum and step. Compiled without
// special instructions: memory is the limit.
#include "api.h"
#include "parallel.h"

using namespace freeze;

namespace {

struct Rule {
    double rate, momentum, decay;
    int nesterov;
};

// `buffer` may be null if there is no momentum.
template <class T>
void descend(T* weight, const T* gradient, T* buffer, std::int64_t count, const Rule& rule) {
    // Rounds where libtorch's operations round: a product that is added with a factor is rounded with the sum, momentum's product
    // alone. In double, a product of two floats is exact.
    const double rate = static_cast<T>(rule.rate), decay = static_cast<T>(rule.decay);
    const T momentum = static_cast<T>(rule.momentum);
    in_parts(count, 1, 0, [&](std::int64_t, std::int64_t first, std::int64_t few, float*) {
        T* __restrict__ w = weight + first;
        const T* __restrict__ g = gradient + first;
        if (buffer == nullptr) {
#pragma omp simd
            for (std::int64_t i = 0; i < few; i++) {
                const T pull = static_cast<T>(g[i] + decay * w[i]);
                w[i] = static_cast<T>(w[i] - rate * pull);
            }
            return;
        }
        T* __restrict__ m = buffer + first;
#pragma omp simd
        for (std::int64_t i = 0; i < few; i++) {
            const T pull = static_cast<T>(g[i] + decay * w[i]);
            m[i] = momentum * m[i] + pull;
            const T ahead = static_cast<T>(pull + static_cast<double>(momentum) * m[i]);
            w[i] = static_cast<T>(w[i] - rate * (rule.nesterov != 0 ? ahead : m[i]));
        }
    });
}

}  // namespace

// weight -= rate * (buffer = momentum * buffer + (gradient + decay * weight)), or Nesterov's; `buffer` is null without
// momentum.
FREEZE_API int freeze_sgd_step(Type type, void* weight, const void* gradient, void* buffer, std::int64_t count,
                               const Rule* rule) {
    return guarded([&] {
        const auto by = [&](auto kind) {
            using T = decltype(kind);
            descend(static_cast<T*>(weight), static_cast<const T*>(gradient), static_cast<T*>(buffer), count, *rule);
        };
        type == Type::doubles ? by(double{}) : by(float{});
    });
}
