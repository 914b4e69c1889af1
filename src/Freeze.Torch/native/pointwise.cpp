#include "pointwise.h"

#include "kernels/pointwise.h"
#include "parts.h"

namespace freeze::pointwise {
namespace {

using at::Tensor;
using kernels::Pointing;

// A convolution's shape and loops.
template <class T>
struct Work {
    const Tensor& x;
    const Pointing by;
    const int64_t rows = x.numel() / by.inputs;
    const kernels::Pointwise<T>& loops = kernels::pointwise<T>();

    Work(const Tensor& x, int64_t outputs, const Normalisation& norm)
        : x(x), by{x.size(1), outputs, norm.scale.data_ptr<float>(), norm.shift.data_ptr<float>()} {}

    Tensor buffer() const { return numbers(loops.buffer(by.inputs, by.outputs)); }

    const T* from(int64_t row) const { return data<T>(x) + row * by.inputs; }

    Tensor convolve(const Tensor& kernel, const Tensor& bias) const {
        const Tensor packed = numbers(loops.packed(by.inputs, by.outputs));
        loops.pack(kernel.data_ptr<float>(), by.inputs, by.outputs, packed.data_ptr<float>());
        Tensor y = at::empty({x.size(0), by.outputs, x.size(2), x.size(3)}, x.options(), at::MemoryFormat::ChannelsLast);
        const float* plus = bias.defined() ? bias.data_ptr<float>() : nullptr;
        in_parts(rows, std::max(by.inputs, by.outputs), [&](int64_t, int64_t first, int64_t few) {
            loops.convolve(by, from(first), few, packed.data_ptr<float>(), plus, data<T>(y) + first * by.outputs,
                           buffer().template data_ptr<float>());
        });
        return y;
    }

    Tensor kernel_gradient(const Tensor& gradient) const {
        const int64_t size = loops.sums(by.inputs, by.outputs);
        // By the shape alone: few where there is little to add up, since each part has sums of its own.
        const int64_t parts = std::max<int64_t>(2, std::min<int64_t>(16, rows / 1024));
        const Tensor sums = numbers(parts * size);
        float* sum = sums.data_ptr<float>();
        at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
            const Tensor room = buffer();
            for (int64_t part = begin; part < end; part++) {
                const int64_t first = rows * part / parts;
                std::fill_n(sum + part * size, size, 0.f);
                loops.add_gradient(by, from(first), data<T>(gradient) + first * by.outputs,
                                   rows * (part + 1) / parts - first, sum + part * size, room.data_ptr<float>());
            }
        });
        add_parts(sum, parts, size);
        Tensor made = at::empty({by.outputs, by.inputs, 1, 1}, at::kFloat);
        loops.unpack(sum, by.inputs, by.outputs, made.data_ptr<float>());
        return made;
    }

    NormGradients gradients(const Tensor& gradient, const Tensor& kernel, const Normalisation& norm, NormWants wants) const {
        const Tensor packed = numbers(loops.packed(by.inputs, by.outputs));
        const float* back = packed.data_ptr<float>();
        loops.pack_back(kernel.data_ptr<float>(), by.inputs, by.outputs, packed.data_ptr<float>());
        const auto of = [&](int64_t row) { return data<T>(gradient) + row * by.outputs; };
        const NormSums sums = norm_sums(norm, wants, [&] {
            return add_up(rows, by.inputs, [&](int64_t first, int64_t few, double* a, double* b) {
                loops.gradient_moments(by, of(first), back, from(first), few, norm.mean.data_ptr<float>(), a, b,
                                       buffer().template data_ptr<float>());
            });
        });
        NormGradients made = weight_gradients(sums, norm, wants);
        if (wants.input) {
            const auto [b, c] = slopes(sums, rows, norm);
            const float *times = b.template data_ptr<float>(), *plus = c.template data_ptr<float>();
            made.input = at::empty_like(x);
            in_parts(rows, std::max(by.inputs, by.outputs), [&](int64_t, int64_t first, int64_t few) {
                loops.gradient(by, of(first), back, from(first), few, times, plus, data<T>(made.input) + first * by.inputs,
                               buffer().template data_ptr<float>());
            });
        }
        return made;
    }
};

template <class Body>
auto with_work(const Tensor& x, int64_t outputs, const Normalisation& norm, Body&& body) {
    return x.scalar_type() == at::kFloat ? body(Work<float>(x, outputs, norm)) : body(Work<std::uint16_t>(x, outputs, norm));
}

}  // namespace

bool serves(const Tensor& x, const Tensor& kernel, const Normalisation& norm, at::IntArrayRef stride,
            at::IntArrayRef padding) {
    const auto all = [](at::IntArrayRef values, int64_t value) { return values[0] == value && values[1] == value; };
    return norm.relu && x.dim() == 4 && kernel.size(1) == x.size(1) && x.scalar_type() != at::kDouble &&
           all(kernel.sizes().slice(2), 1) && all(stride, 1) && all(padding, 0);
}

Tensor convolve(const Tensor& x, const Tensor& kernel, const Tensor& bias, const Normalisation& norm) {
    return with_work(x, kernel.size(0), norm, [&](const auto& work) { return work.convolve(kernel, bias); });
}

Tensor kernel_gradient(const Tensor& x, const Tensor& gradient, const Normalisation& norm) {
    return with_work(x, gradient.size(1), norm, [&](const auto& work) { return work.kernel_gradient(gradient); });
}

NormGradients gradients(const Tensor& gradient, const Tensor& kernel, const Tensor& x, const Normalisation& norm,
                        NormWants wants) {
    return with_work(x, kernel.size(0), norm,
                     [&](const auto& work) { return work.gradients(gradient, kernel, norm, wants); });
}

}  // namespace freeze::pointwise
