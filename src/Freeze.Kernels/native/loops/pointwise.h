// Convolutions by 1x1 kernels at stride 1 of relu(batch norm(input)): matrix products in which one matrix is computed from the
// norm's input, a few rows at a time, and never written to memory. The gradients of the norm are computed likewise. Each
// instruction set compiles these loops once, like those of rows.h.
#pragma once

#include <cstdint>

namespace freeze::kernels {

// From x [rows, inputs] with rows `stride` numbers apart to [rows, outputs]: kernel times max(0, x scale + shift).
struct Pointing {
    std::int64_t inputs, outputs, stride;
    const float *scale, *shift;
};

// T is float, or std::uint16_t for bfloat16, with bfloat16 products where the machine has them. Buffer sizes are in floats. Calls
// on different rows may run at the same time.
template <class T>
struct Pointwise {
    // The size of a packed kernel [outputs, inputs], for `convolve` and for the gradients of the inputs.
    std::int64_t (*packed)(std::int64_t inputs, std::int64_t outputs);
    void (*pack)(const float* kernel, std::int64_t inputs, std::int64_t outputs, float* to);
    void (*pack_back)(const float* kernel, std::int64_t inputs, std::int64_t outputs, float* to);
    // The size of the buffer of each call below.
    std::int64_t (*buffer)(std::int64_t inputs, std::int64_t outputs);
    // `bias` may be null.
    void (*convolve)(const Pointing& by, const T* x, std::int64_t rows, const float* packed, const float* bias, T* out,
                     float* buffer);
    // Adds the contribution of some rows to `sums` numbers; `unpack` turns these into the kernel's gradient [outputs, inputs].
    std::int64_t (*sums)(std::int64_t inputs, std::int64_t outputs);
    void (*add_gradient)(const Pointing& by, const T* x, const T* gradient, std::int64_t rows, float* sums, float* buffer);
    void (*unpack)(const float* sums, std::int64_t inputs, std::int64_t outputs, float* to);
    // Sums g and g (x - mean) for each input, where g is the gradient of x scale + shift.
    void (*gradient_moments)(const Pointing& by, const T* gradient, const float* packed_back, const T* x,
                             std::int64_t rows, const float* mean, double* sums, double* products, float* buffer);
    // out = g scale + x b + c.
    void (*gradient)(const Pointing& by, const T* gradient, const float* packed_back, const T* x, std::int64_t rows,
                     const float* b, const float* c, T* out, float* buffer);
};

// The loops for this machine.
template <class T>
const Pointwise<T>& pointwise();

}  // namespace freeze::kernels
