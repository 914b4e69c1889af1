// Max pooling and relu in one pass over memory. Checked against libtorch's own in the tests; Fused.cs says what it is in
// libtorch's terms.
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "api.h"
#include "kernels/pool.h"

#ifndef _OPENMP
#error "compile with OpenMP"
#endif

using namespace freeze;

namespace {

using at::Tensor;
using kernels::Windows;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Calls work(loops, a null pointer of the type that lies in memory).
template <class Work>
void with_loops(const Tensor& x, Work&& work) {
    if (x.scalar_type() == at::kFloat) {
        work(kernels::pool<float>(), static_cast<float*>(nullptr));
    } else {
        work(kernels::pool<std::uint16_t>(), static_cast<std::uint16_t*>(nullptr));
    }
}

Windows windows(at::IntArrayRef maps, int64_t size) { return {maps[2], maps[3], maps[1], size}; }

// Calls body(first row, rows) for parts of the rows of the output, on all threads.
template <class Body>
void in_rows(int64_t images, const Windows& by, Body&& body) {
    const int64_t values = by.size * by.width * by.channels;
    at::parallel_for(0, images * by.down(), std::max<int64_t>(1, (1 << 14) / values),
                     [&](int64_t begin, int64_t end) { body(begin, end - begin); });
}

class MaxPool : public torch::autograd::Function<MaxPool> {
public:
    static Tensor forward(AutogradContext* context, const Tensor& x, int64_t size, bool relu) {
        const Windows by = windows(x.sizes(), size);
        const Tensor y = at::empty({x.size(0), x.size(1), by.down(), by.across()}, x.options(),
                                   at::MemoryFormat::ChannelsLast);
        const Tensor places = at::empty(y.sizes(), x.options().dtype(at::kByte), at::MemoryFormat::ChannelsLast);
        with_loops(x, [&](const auto& loops, auto* kind) {
            using T = std::remove_pointer_t<decltype(kind)>;
            in_rows(x.size(0), by, [&](int64_t first, int64_t rows) {
                loops.greatest(by, static_cast<T*>(x.data_ptr()), first, rows, relu, static_cast<T*>(y.data_ptr()),
                               places.data_ptr<kernels::Place>());
            });
        });
        context->save_for_backward({places});
        context->saved_data["maps"] = x.sizes();
        context->saved_data["size"] = size;
        return y;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        const Tensor gradient = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
        const Tensor places = context->get_saved_variables()[0];
        const auto maps = context->saved_data["maps"].toIntVector();
        const Windows by = windows(maps, context->saved_data["size"].toInt());
        const Tensor to_x = at::empty(maps, gradient.options(), at::MemoryFormat::ChannelsLast);
        if (by.height % by.size != 0) {
            to_x.narrow(2, by.down() * by.size, by.height % by.size).zero_();
        }
        with_loops(gradient, [&](const auto& loops, auto* kind) {
            using T = std::remove_pointer_t<decltype(kind)>;
            in_rows(maps[0], by, [&](int64_t first, int64_t rows) {
                loops.spread(by, static_cast<T*>(gradient.data_ptr()), places.data_ptr<kernels::Place>(), first, rows,
                             static_cast<T*>(to_x.data_ptr()));
            });
        });
        return {to_x, Tensor(), Tensor()};
    }
};

// Windows that touch and do not overlap, on the processor, in channels-last order.
bool serves(const Tensor& x, int64_t size, int64_t stride, int64_t padding) {
    return x.device().is_cpu() && x.dim() == 4 && x.is_contiguous(at::MemoryFormat::ChannelsLast) && x.numel() > 0 &&
           (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16) && padding == 0 && stride == size &&
           size > 1 && size * size < kernels::cut && x.size(2) >= size && x.size(3) >= size;
}

}  // namespace

// Max pooling, and what is below 0 cut off where `relu` is not 0.
FREEZE_API int freeze_max_pool2d_relu(Handle input, int64_t size, int64_t stride, int64_t padding, int relu,
                                      Handle* result) {
    return making(result, [&] {
        const Tensor x = get(input);
        if (serves(x, size, stride, padding)) {
            return MaxPool::apply(x, size, relu != 0);
        }
        const Tensor y = at::max_pool2d(x, {size, size}, {stride, stride}, {padding, padding});
        return relu != 0 ? at::relu(y) : y;
    });
}
