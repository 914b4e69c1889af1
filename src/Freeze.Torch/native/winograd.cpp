// Convolutions by Winograd's algorithm, in parts that do not depend on the number of threads.
#include "winograd.h"

#include <cstring>
#include <type_traits>

#include "kernels/winograd.h"
#include "maps.h"
#include "parts.h"

namespace freeze::winograd {
namespace {

using at::Tensor;
using kernels::Filtering;
using kernels::Maps;
using kernels::Winograd;

int64_t parts_of(int64_t all, int64_t part) { return (all + part - 1) / part; }

int64_t tiles(int64_t side, const Maps& out) { return out.images * parts_of(out.height, side) * parts_of(out.width, side); }

// The loops for outputs of a size: in bfloat16 by large tiles, where these fit the maps and their kernels the caches.
template <class T>
const Winograd<T>& loops(const Maps& out, int64_t inputs, int64_t most_bytes) {
    const Winograd<T>& usual = kernels::winograd<T>();
    if constexpr (std::is_same_v<T, std::uint16_t>) {
        const Winograd<T>& wide = kernels::wide_winograd<T>();
        // Numbers that are multiplied for a map, of each input and output.
        const auto numbers = [&](const Winograd<T>& w) {
            return parts_of(out.height, w.side) * parts_of(out.width, w.side) * (w.side + 2) * (w.side + 2);
        };
        if (10 * numbers(wide) <= 9 * numbers(usual) &&
            wide.packed(inputs, out.channels) * int64_t{sizeof(float)} <= most_bytes) {
            return wide;
        }
    }
    return usual;
}

Filtering filtering(const Tensor& x, const Tensor& y, int64_t padding, const Normalisation* norm) {
    Filtering by{maps(x), maps(y), padding};
    if (norm != nullptr) {
        by.scale = norm->scale.data_ptr<float>();
        by.shift = norm->shift.data_ptr<float>();
    }
    return by;
}

template <class T>
Tensor convolve_maps(const Tensor& x, const Tensor& kernel, const Tensor& bias, int64_t padding, bool turned,
                     const Normalisation* norm) {
    const int64_t inputs = x.size(1), outputs = kernel.size(turned ? 1 : 0);
    // Back, what was cut off by little padding comes by more.
    const int64_t around = turned ? 2 - padding : padding;
    Tensor y = at::empty({x.size(0), outputs, x.size(2) + 2 * around - 2, x.size(3) + 2 * around - 2}, x.options(),
                         at::MemoryFormat::ChannelsLast);
    const Filtering by = filtering(x, y, around, norm);
    const Winograd<T>& w = loops<T>(by.out, inputs, 8 << 20);
    const Tensor packed = numbers(w.packed(inputs, outputs));
    const float* from = kernel.data_ptr<float>();
    float* kernels = packed.data_ptr<float>();
    at::parallel_for(0, parts_of(outputs, 16), 1,
                     [&](int64_t begin, int64_t end) { w.pack(from, inputs, outputs, turned, begin, end - begin, kernels); });
    const T* in = data<T>(x);
    const float* plus = bias.defined() ? bias.data_ptr<float>() : nullptr;
    T* out = data<T>(y);
    const int64_t all = tiles(w.side, by.out), some = w.tiles_at_once(inputs, outputs);
    at::parallel_for(0, parts_of(all, some), 1, [&](int64_t begin, int64_t end) {
        const Tensor buffer = numbers(w.buffer(inputs, outputs));
        for (int64_t lot = begin; lot < end; lot++) {
            w.convolve(by, in, kernels, plus, out, lot * some, std::min(some, all - lot * some), buffer.data_ptr<float>());
        }
    });
    return y;
}

template <class T>
Tensor gradient_of_kernel(const Tensor& x, const Tensor& gradient, int64_t padding, const Normalisation* norm) {
    const int64_t inputs = x.size(1), outputs = gradient.size(1);
    const Filtering by = filtering(x, gradient, padding, norm);
    // Kernels' gradients are summed up in each part.
    const Winograd<T>& w = loops<T>(by.out, inputs, 4 << 20);
    const int64_t all = tiles(w.side, by.out), some = w.tiles_of_gradient(inputs, outputs), size = w.sums(inputs, outputs);
    // By the shape alone: few where there is little to add up, since each part has sums of its own.
    const int64_t parts = std::max<int64_t>(2, std::min<int64_t>(16, all * w.side * w.side / 8192));
    const Tensor sums = numbers(parts * size);
    float* sum = sums.data_ptr<float>();
    const T *in = data<T>(x), *back = data<T>(gradient);
    at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
        const Tensor buffer = numbers(w.buffer(inputs, outputs));
        for (int64_t part = begin; part < end; part++) {
            std::memset(sum + part * size, 0, size * sizeof(float));
            const int64_t last = all * (part + 1) / parts;
            for (int64_t tile = all * part / parts; tile < last; tile += some) {
                w.add_gradient(by, in, back, tile, std::min(some, last - tile), sum + part * size, buffer.data_ptr<float>());
            }
        }
    });
    add_parts(sum, parts, size);
    Tensor made = at::empty({outputs, inputs, 3, 3}, at::kFloat);
    float* to = made.data_ptr<float>();
    at::parallel_for(0, parts_of(outputs, 16), 1, [&](int64_t begin, int64_t end) {
        w.unpack(sum, inputs, outputs, begin * 16, std::min(outputs, end * 16) - begin * 16, to);
    });
    return made;
}

}  // namespace

bool serves(const Tensor& x, const Tensor& kernel, at::IntArrayRef stride, at::IntArrayRef padding) {
    const auto type = x.scalar_type();
    if ((type != at::kFloat && type != at::kBFloat16) || !x.device().is_cpu() || x.dim() != 4 || !is_maps(x) ||
        kernel.size(1) != x.size(1) || kernel.size(2) != 3 || kernel.size(3) != 3 || stride[0] != 1 || stride[1] != 1 ||
        padding[0] != padding[1] || padding[0] > 2) {
        return false;
    }
    // Measured: with fewer channels or tiles the transforms cost what the products save.
    const int64_t inputs = x.size(1), outputs = kernel.size(0), height = x.size(2) + 2 * padding[0] - 2,
                  width = x.size(3) + 2 * padding[1] - 2;
    return inputs >= 8 && outputs >= 8 && inputs * outputs >= 256 && height > 0 && width > 0 &&
           tiles(kernels::winograd<float>().side, {x.size(0), height, width, outputs, outputs}) >= 128;
}

Tensor convolve(const Tensor& x, const Tensor& kernel, const Tensor& bias, int64_t padding, const Normalisation* norm) {
    return (x.scalar_type() == at::kFloat ? convolve_maps<float> : convolve_maps<std::uint16_t>)(x, kernel, bias, padding,
                                                                                                 false, norm);
}

Tensor convolve_back(const Tensor& gradient, const Tensor& kernel, int64_t padding) {
    return (gradient.scalar_type() == at::kFloat ? convolve_maps<float> : convolve_maps<std::uint16_t>)(gradient, kernel,
                                                                                                        Tensor(), padding, true,
                                                                                                        nullptr);
}

Tensor kernel_gradient(const Tensor& x, const Tensor& gradient, int64_t padding, const Normalisation* norm) {
    return (x.scalar_type() == at::kFloat ? gradient_of_kernel<float> : gradient_of_kernel<std::uint16_t>)(x, gradient, padding,
                                                                                                           norm);
}

}  // namespace freeze::winograd
