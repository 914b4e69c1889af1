#include "filters.h"

#include "kernels/filters.h"
#include "maps.h"
#include "parts.h"

namespace freeze::filters {
namespace {

using at::Tensor;
using kernels::Taps;

template <class T>
Tensor gradient_of(const Tensor& x, const Tensor& gradient, at::IntArrayRef kernel, int64_t padding,
                   const Normalisation* norm) {
    const kernels::Filters<T>& loops = kernels::filters<T>();
    Taps by{maps(x), maps(gradient), kernel[2], kernel[3], padding};
    if (norm != nullptr) {
        by.scale = norm->scale.data_ptr<float>();
        by.shift = norm->shift.data_ptr<float>();
        by.relu = norm->relu;
    }
    const int64_t size = loops.sums(by), images = x.size(0), parts = std::max<int64_t>(1, std::min(images, most_parts));
    const Tensor sums = at::zeros({parts * size}, at::kFloat);
    float* sum = sums.data_ptr<float>();
    const T *in = data<T>(x), *back = data<T>(gradient);
    at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
        const Tensor buffer = numbers(loops.buffer(by));
        for (int64_t part = begin; part < end; part++) {
            const int64_t first = images * part / parts;
            loops.add_gradient(by, in, back, first, images * (part + 1) / parts - first, sum + part * size,
                               buffer.data_ptr<float>());
        }
    });
    add_parts(sum, parts, size);
    Tensor made = at::empty({gradient.size(1), x.size(1), kernel[2], kernel[3]}, at::kFloat);
    loops.unpack(by, sum, made.data_ptr<float>());
    return made;
}

}  // namespace

bool serves(const Tensor& x, int64_t filters, at::IntArrayRef kernel, at::IntArrayRef stride, at::IntArrayRef padding) {
    if (x.dim() != 4) {
        return false;
    }
    const auto type = x.scalar_type();
    // Maps of one pixel have that order whatever their strides.
    const bool ordered = is_maps(x) || x.is_contiguous(at::MemoryFormat::ChannelsLast);
    // Measured: with more filters, or for images of one channel, other ways take less time.
    return (type == at::kFloat || type == at::kBFloat16) && x.device().is_cpu() && ordered && filters <= 8 && x.size(1) >= 3 &&
           kernel[1] == x.size(1) && kernel[2] * kernel[3] >= 9 && stride[0] == 1 && stride[1] == 1 && padding[0] == padding[1];
}

Tensor kernel_gradient(const Tensor& x, const Tensor& gradient, at::IntArrayRef kernel, int64_t padding,
                       const Normalisation* norm) {
    return (x.scalar_type() == at::kFloat ? gradient_of<float> : gradient_of<std::uint16_t>)(x, gradient, kernel, padding,
                                                                                             norm);
}

}  // namespace freeze::filters
