// Convolutions to few filters at stride 1: see loops/planes.h.
#include "loops/planes.h"

#include "api.h"
#include "parallel.h"

using namespace freeze;
using kernels::Planes;
using kernels::Taps;

// y = x by a kernel [outputs, inputs, side, side], plus a bias unless it is null. With scale and shift, x stands for max(0, x
// scale + shift). If turned: the convolution with the same kernel that carries the gradient of y back to x.
FREEZE_API int freeze_planes_convolve(Type type, const Pixels* x, const float* kernel, const float* bias, std::int64_t side,
                                      std::int64_t padding, int turned, const float* scale, const float* shift,
                                      const Pixels* y) {
    return guarded([&] {
        const Taps by{x->maps, y->maps, side, side, padding, scale, shift, true};
        with_singles(type, [&](auto kind) {
            using T = decltype(kind);
            const Planes<T>& loops = kernels::planes<T>();
            const Floats packed(loops.packed(by));
            loops.pack(by, kernel, turned != 0, packed.data());
            in_parallel(by.in.images, 1, loops.buffer(by), [&](std::int64_t begin, std::int64_t end, float* buffer) {
                loops.convolve(by, static_cast<const T*>(x->data), packed.data(), bias, static_cast<T*>(y->data), begin,
                               end - begin, buffer);
            });
        });
    });
}

// The kernel's gradient [outputs, inputs, side, side], from x (or max(0, x scale + shift)) and the gradient of y.
FREEZE_API int freeze_planes_kernel_gradient(Type type, const Pixels* x, const Pixels* gradient, std::int64_t side,
                                             std::int64_t padding, const float* scale, const float* shift, float* to) {
    return guarded([&] {
        const Taps by{x->maps, gradient->maps, side, side, padding, scale, shift, true};
        with_singles(type, [&](auto kind) {
            using T = decltype(kind);
            const Planes<T>& loops = kernels::planes<T>();
            const std::int64_t images = by.in.images, parts = std::max<std::int64_t>(1, std::min(images, most_parts));
            const std::int64_t size = by.out.channels * by.in.channels * side * side;
            const Floats sums = summed_in_parts(
                images, parts, size, loops.buffer(by), [&](std::int64_t first, std::int64_t end, float* sum, float* buffer) {
                    loops.add_gradient(by, static_cast<const T*>(x->data), static_cast<const T*>(gradient->data), first,
                                       end - first, sum, buffer);
                });
            std::copy_n(sums.data(), size, to);
        });
    });
}
