// Convolutions by 1x1 kernels of relu(batch norm(input)): see loops/pointwise.h.
#include "loops/pointwise.h"

#include "norm.h"

using namespace freeze;
using kernels::Pointing;

namespace {

// x [rows, inputs] with rows `stride` numbers apart, and the number of outputs in a row.
struct Shape {
    std::int64_t rows, inputs, outputs, stride;

    std::int64_t most() const { return std::max(inputs, outputs); }
};

// A convolution of values of type T, and the loops for it.
template <class T>
struct Call {
    const Shape& s;
    const Normaliser<float> n;
    const Pointing by{s.inputs, s.outputs, s.stride, n.scale, n.shift};
    const kernels::Pointwise<T>& loops = kernels::pointwise<T>();
    const std::int64_t buffer = loops.buffer(s.inputs, s.outputs);

    const T* inputs(const void* x, std::int64_t row) const { return static_cast<const T*>(x) + row * s.stride; }
    const T* outputs(const void* y, std::int64_t row) const { return static_cast<const T*>(y) + row * s.outputs; }
};

// Runs work(call, T()).
template <class Work>
int run(Type type, const Shape& s, const void* norm, Work&& work) {
    return guarded([&] {
        with_singles(type, [&](auto kind) { work(Call<decltype(kind)>{s, {norm, s.inputs}}, kind); });
    });
}

}  // namespace

// y [rows, outputs] = max(0, x scale + shift) by a kernel [outputs, inputs], plus a bias unless it is null.
FREEZE_API int freeze_pointwise_convolve(Type type, const void* x, const Shape* s, const void* norm, const float* kernel,
                                         const float* bias, void* y) {
    return run(type, *s, norm, [&](const auto& call, auto kind) {
        const Floats packed(call.loops.packed(s->inputs, s->outputs));
        call.loops.pack(kernel, s->inputs, s->outputs, packed.data());
        in_parts(s->rows, s->most(), call.buffer, [&](std::int64_t, std::int64_t first, std::int64_t few, float* buffer) {
            call.loops.convolve(call.by, call.inputs(x, first), few, packed.data(), bias,
                                static_cast<decltype(kind)*>(y) + first * s->outputs, buffer);
        });
    });
}

// The kernel's gradient [outputs, inputs] from the gradient of y.
FREEZE_API int freeze_pointwise_kernel_gradient(Type type, const void* x, const Shape* s, const void* norm,
                                                const void* gradient, float* to) {
    return run(type, *s, norm, [&](const auto& call, auto) {
        // Depends on the shape alone: few parts for small sums, since each part has sums of its own.
        const std::int64_t parts = std::max<std::int64_t>(2, std::min<std::int64_t>(16, s->rows / 1024));
        const Floats sums = summed_in_parts(
            s->rows, parts, call.loops.sums(s->inputs, s->outputs), call.buffer,
            [&](std::int64_t first, std::int64_t end, float* sum, float* buffer) {
                call.loops.add_gradient(call.by, call.inputs(x, first), call.outputs(gradient, first), end - first, sum, buffer);
            });
        call.loops.unpack(sums.data(), s->inputs, s->outputs, to);
    });
}

// The gradients of the norm and its input, from the gradient of y and the kernel. The gradient of the norm's output is computed
// twice, once for its sums and once for its gradient: that costs less than to write it and read it again.
FREEZE_API int freeze_pointwise_backward(Type type, const void* x, const Shape* s, const void* norm, const void* gradient,
                                         const float* kernel, const NormGradients* to) {
    return run(type, *s, norm, [&](const auto& call, auto kind) {
        const Floats packed(call.loops.packed(s->inputs, s->outputs));
        call.loops.pack_back(kernel, s->inputs, s->outputs, packed.data());
        Sums sums;
        if (to->wants_sums()) {
            sums = add_up(s->rows, s->inputs, call.buffer,
                          [&](std::int64_t first, std::int64_t few, double* a, double* b, float* buffer) {
                              call.loops.gradient_moments(call.by, call.outputs(gradient, first), packed.data(),
                                                          call.inputs(x, first), few, call.n.mean, a, b, buffer);
                          });
            weight_gradients(sums, s->inputs, call.n, *to);
        }
        if (to->input != nullptr) {
            const Slopes<float> slopes(sums, s->rows, s->inputs, call.n, to->training != 0);
            using T = decltype(kind);
            const std::int64_t room = room_for_gradients<T>(*to, s->inputs);
            in_parts(s->rows, s->most(), room + call.buffer,
                     [&](std::int64_t, std::int64_t first, std::int64_t few, float* buffer) {
                         input_gradient<T>(*to, first, few, s->inputs, buffer, [&](std::int64_t row, std::int64_t count, T* out) {
                             call.loops.gradient(call.by, call.outputs(gradient, row), packed.data(), call.inputs(x, row), count,
                                                 slopes.b.data(), slopes.c.data(), out, buffer + room);
                         });
                     });
        }
    });
}
