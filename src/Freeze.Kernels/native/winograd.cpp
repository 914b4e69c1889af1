// Convolutions by 3x3 and 5x5 kernels at stride 1 by Winograd's algorithm: see loops/winograd.h.
#include "loops/winograd.h"

#include <type_traits>

#include "api.h"
#include "parallel.h"

using namespace freeze;
using kernels::Filtering;
using kernels::Maps;
using kernels::Winograd;

namespace {

std::int64_t tiles(std::int64_t side, const Maps& out) {
    return out.images * divided(out.height, side) * divided(out.width, side);
}

// The loops for outputs of a size: bfloat16 uses large tiles if they fit the maps and their kernels fit the caches.
template <class T>
const Winograd<T>& loops(std::int64_t kernel, const Maps& out, std::int64_t inputs, std::int64_t most_bytes) {
    if (kernel == 5) {
        return kernels::winograd5<T>();
    }
    const Winograd<T>& usual = kernels::winograd<T>();
    if constexpr (std::is_same_v<T, std::uint16_t>) {
        const Winograd<T>& wide = kernels::wide_winograd<T>();
        // The multiplications for a map, per input and output.
        const auto numbers = [&](const Winograd<T>& w) {
            return divided(out.height, w.side) * divided(out.width, w.side) * (w.side + 2) * (w.side + 2);
        };
        if (10 * numbers(wide) <= 9 * numbers(usual) &&
            wide.packed(inputs, out.channels) * std::int64_t{sizeof(float)} <= most_bytes) {
            return wide;
        }
    }
    return usual;
}

template <class T>
void convolve(const Pixels& x, const float* kernel, const float* bias, std::int64_t side, bool turned, const Filtering& by,
              const Pixels& y) {
    const std::int64_t inputs = by.in.channels, outputs = by.out.channels;
    const Winograd<T>& w = loops<T>(side, by.out, inputs, 8 << 20);
    const Floats packed(w.packed(inputs, outputs));
    in_parallel(divided(outputs, 16), 1, 0, [&](std::int64_t begin, std::int64_t end, float*) {
        w.pack(kernel, inputs, outputs, turned, begin, end - begin, packed.data());
    });
    // In twelves, the rows of a matrix product that AVX-512's registers hold.
    constexpr std::int64_t unit = 12;
    const std::int64_t all = tiles(w.side, by.out), some = w.tiles_at_once(inputs, outputs);
    in_parallel(divided(all, unit), 1, w.buffer(inputs, outputs), [&](std::int64_t begin, std::int64_t end, float* buffer) {
        const std::int64_t last = std::min(all, end * unit);
        for (std::int64_t tile = begin * unit; tile < last; tile += some) {
            w.convolve(by, static_cast<const T*>(x.data), packed.data(), bias, static_cast<T*>(y.data), tile,
                       std::min(some, last - tile), buffer);
        }
    });
}

template <class T>
void kernel_gradient(const Pixels& x, const Pixels& gradient, std::int64_t side, const Filtering& by, float* to) {
    const std::int64_t inputs = by.in.channels, outputs = by.out.channels;
    // Each part sums the gradients of kernels.
    const Winograd<T>& w = loops<T>(side, by.out, inputs, 4 << 20);
    const std::int64_t all = tiles(w.side, by.out), some = w.tiles_of_gradient(inputs, outputs);
    // Depends on the shape alone: few parts for small sums, since each part has sums of its own.
    const std::int64_t parts = std::max<std::int64_t>(2, std::min<std::int64_t>(16, all * w.side * w.side / 8192));
    const Floats sums = summed_in_parts(
        all, parts, w.sums(inputs, outputs), w.buffer_of_gradient(inputs, outputs),
        [&](std::int64_t first, std::int64_t end, float* sum, float* buffer) {
            for (std::int64_t tile = first; tile < end; tile += some) {
                w.add_gradient(by, static_cast<const T*>(x.data), static_cast<const T*>(gradient.data), tile,
                               std::min(some, end - tile), sum, buffer);
            }
        });
    in_parallel(divided(outputs, 16), 1, 0, [&](std::int64_t begin, std::int64_t end, float*) {
        w.unpack(sums.data(), inputs, outputs, begin * 16, std::min(outputs, end * 16) - begin * 16, to);
    });
}

}  // namespace

// y = x by a kernel [outputs, inputs, side, side], plus a bias unless it is null. With scale and shift, x stands for
// max(0, x scale + shift). If turned: the convolution with the same kernel that carries the gradient of y back to x.
FREEZE_API int freeze_winograd_convolve(Type type, const Pixels* x, const float* kernel, const float* bias,
                                        std::int64_t side, std::int64_t padding, int turned, const float* scale,
                                        const float* shift, const Pixels* y) {
    return guarded([&] {
        const Filtering by{x->maps, y->maps, padding, scale, shift};
        with_singles(type, [&](auto kind) { convolve<decltype(kind)>(*x, kernel, bias, side, turned != 0, by, *y); });
    });
}

// The kernel's gradient [outputs, inputs, side, side], from x (or max(0, x scale + shift)) and the gradient of y.
FREEZE_API int freeze_winograd_kernel_gradient(Type type, const Pixels* x, const Pixels* gradient, std::int64_t side,
                                               std::int64_t padding, const float* scale, const float* shift, float* to) {
    return guarded([&] {
        const Filtering by{x->maps, gradient->maps, padding, scale, shift};
        with_singles(type, [&](auto kind) { kernel_gradient<decltype(kind)>(*x, *gradient, side, by, to); });
    });
}
