// Convolutions by 1x1 kernels of what a norm and a relu make of their input: see loops/pointwise.h.
#include "loops/pointwise.h"

#include <cstring>

#include "norm.h"

using namespace freeze;
using kernels::Pointing;

namespace {

// x [rows, inputs] in memory, and what it is normalised by.
struct Shape {
    std::int64_t rows, inputs, outputs;

    std::int64_t most() const { return std::max(inputs, outputs); }
};

template <class T>
std::int64_t buffer_of(const Shape& s) {
    return kernels::pointwise<T>().buffer(s.inputs, s.outputs);
}

}  // namespace

// y [rows, outputs] = max(0, x scale + shift) by a kernel [outputs, inputs], plus a bias unless it is null.
FREEZE_API int freeze_pointwise_convolve(Type type, const void* x, const Shape* s, const void* norm, const float* kernel,
                                         const float* bias, void* y) {
    return guarded([&] {
        const Normaliser<float> n(norm, s->inputs);
        const Pointing by{s->inputs, s->outputs, n.scale, n.shift};
        with_singles(type, [&](auto kind) {
            using T = decltype(kind);
            const auto& loops = kernels::pointwise<T>();
            const Floats packed(loops.packed(s->inputs, s->outputs));
            loops.pack(kernel, s->inputs, s->outputs, packed.data());
            in_parts(s->rows, s->most(), buffer_of<T>(*s),
                     [&](std::int64_t, std::int64_t first, std::int64_t few, float* buffer) {
                         loops.convolve(by, static_cast<const T*>(x) + first * s->inputs, few, packed.data(), bias,
                                        static_cast<T*>(y) + first * s->outputs, buffer);
                     });
        });
    });
}

// The kernel's gradient [outputs, inputs] from the gradient of y.
FREEZE_API int freeze_pointwise_kernel_gradient(Type type, const void* x, const Shape* s, const void* norm,
                                                const void* gradient, float* to) {
    return guarded([&] {
        const Normaliser<float> n(norm, s->inputs);
        const Pointing by{s->inputs, s->outputs, n.scale, n.shift};
        with_singles(type, [&](auto kind) {
            using T = decltype(kind);
            const auto& loops = kernels::pointwise<T>();
            const std::int64_t size = loops.sums(s->inputs, s->outputs);
            // By the shape alone: few where there is little to add up, since each part has sums of its own.
            const std::int64_t parts = std::max<std::int64_t>(2, std::min<std::int64_t>(16, s->rows / 1024));
            const Floats sums(parts * size);
            in_parallel(parts, 1, buffer_of<T>(*s), [&](std::int64_t begin, std::int64_t end, float* buffer) {
                for (std::int64_t part = begin; part < end; part++) {
                    const std::int64_t first = s->rows * part / parts;
                    std::memset(sums.data() + part * size, 0, size * sizeof(float));
                    loops.add_gradient(by, static_cast<const T*>(x) + first * s->inputs,
                                       static_cast<const T*>(gradient) + first * s->outputs,
                                       s->rows * (part + 1) / parts - first, sums.data() + part * size, buffer);
                }
            });
            add_parts(sums.data(), parts, size);
            loops.unpack(sums.data(), s->inputs, s->outputs, to);
        });
    });
}

// The gradients of the norm and its input, from the gradient of y and the kernel. What goes back to the norm is made twice,
// once for its sums and once for its gradient: that costs less than to write it and read it again.
FREEZE_API int freeze_pointwise_backward(Type type, const void* x, const Shape* s, const void* norm, const void* gradient,
                                         const float* kernel, const NormGradients* to) {
    return guarded([&] {
        const Normaliser<float> n(norm, s->inputs);
        const Pointing by{s->inputs, s->outputs, n.scale, n.shift};
        with_singles(type, [&](auto kind) {
            using T = decltype(kind);
            const auto& loops = kernels::pointwise<T>();
            const Floats packed(loops.packed(s->inputs, s->outputs));
            loops.pack_back(kernel, s->inputs, s->outputs, packed.data());
            const auto in = [&](std::int64_t row) { return static_cast<const T*>(x) + row * s->inputs; };
            const auto of = [&](std::int64_t row) { return static_cast<const T*>(gradient) + row * s->outputs; };
            Sums sums;
            if (to->wants_sums()) {
                sums = add_up(s->rows, s->inputs, buffer_of<T>(*s),
                              [&](std::int64_t first, std::int64_t few, double* a, double* b, float* buffer) {
                                  loops.gradient_moments(by, of(first), packed.data(), in(first), few, n.mean, a, b, buffer);
                              });
                weight_gradients(sums, s->inputs, n, *to);
            }
            if (to->input != nullptr) {
                const Slopes<float> slopes(sums, s->rows, s->inputs, n, to->training != 0);
                in_parts(s->rows, s->most(), buffer_of<T>(*s),
                         [&](std::int64_t, std::int64_t first, std::int64_t few, float* buffer) {
                             loops.gradient(by, of(first), packed.data(), in(first), few, slopes.b.data(), slopes.c.data(),
                                            static_cast<T*>(to->input) + first * s->inputs, buffer);
                         });
            }
        });
    });
}
