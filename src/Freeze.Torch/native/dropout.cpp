// Dropout in one pass over memory, on all threads. libtorch draws its numbers on one, from a generator whose every number
// waits for the one before: in a wide net with dropout that takes as long as the convolutions. Here what happens to a value
// depends on its place and on one number that the generator gives for the call; the gradient draws the same again, so that
// nothing has to be kept for it.
#include "dropout.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <mutex>

#include "kernels/rows.h"
#include "parts.h"

namespace freeze {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// x as it lies in memory, with a share set to 0 and the others scaled up.
template <class T>
void drop_as(const Tensor& x, uint64_t key, double share, const Tensor& y) {
    constexpr int64_t width = kernels::values_of_a_block;
    const int64_t count = x.numel(), blocks = (count + width - 1) / width;
    const auto threshold = static_cast<uint32_t>(std::llround(share * 4294967296.0));
    const auto scale = static_cast<kernels::Number<T>>(1 / (1 - share));
    const T* from = static_cast<const T*>(x.data_ptr());
    T* to = static_cast<T*>(y.data_ptr());
    in_parts(blocks, width, [&](int64_t, int64_t first, int64_t few) {
        for (int64_t block = first; block < first + few; block++) {
            const int64_t start = block * width;
            kernels::rows<T>().drop(from + start, std::min(width, count - start), key, block, threshold, scale,
                                    to + start);
        }
    });
}

Tensor drop(const Tensor& x, uint64_t key, double share) {
    Tensor y = at::empty_like(x);
    switch (x.scalar_type()) {
        case at::kFloat:
            drop_as<float>(x, key, share, y);
            break;
        case at::kDouble:
            drop_as<double>(x, key, share, y);
            break;
        default:
            drop_as<uint16_t>(x, key, share, y);
    }
    return y;
}

class Dropout : public torch::autograd::Function<Dropout> {
public:
    static Tensor forward(AutogradContext* context, const Tensor& x, int64_t key, double share) {
        context->saved_data["key"] = key;
        context->saved_data["share"] = share;
        context->saved_data["strides"] = x.strides().vec();
        return drop(x, static_cast<uint64_t>(key), share);
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        // What was drawn belongs to places in memory: the gradient has to lie as the values did.
        const auto strides = context->saved_data["strides"].toIntVector();
        Tensor gradient = gradients[0];
        if (gradient.strides() != at::IntArrayRef(strides)) {
            gradient = at::empty_strided(gradient.sizes(), strides, gradient.options()).copy_(gradient);
        }
        return {drop(gradient, static_cast<uint64_t>(context->saved_data["key"].toInt()),
                     context->saved_data["share"].toDouble()),
                Tensor(), Tensor()};
    }
};

uint64_t next_number() {
    at::Generator generator = at::detail::getDefaultCPUGenerator();
    std::lock_guard<std::mutex> lock(generator.mutex());
    return at::check_generator<at::CPUGeneratorImpl>(generator)->random64();
}

bool is_ours(const Tensor& x) {
    return x.device().is_cpu() && x.numel() > 0 && x.is_non_overlapping_and_dense() &&
           (x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble || x.scalar_type() == at::kBFloat16);
}

}  // namespace

Tensor dropout(const Tensor& input, double share, bool training) {
    if (!training || share <= 0 || share >= 1 || !is_ours(input)) {
        return at::dropout(input, share, training);
    }
    return Dropout::apply(input, static_cast<int64_t>(next_number()), share);
}

}  // namespace freeze
