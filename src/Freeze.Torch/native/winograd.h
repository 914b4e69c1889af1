// Convolutions by 3x3 kernels at stride 1 in fewer multiplications than libtorch's: see kernels/winograd.h.
#pragma once

#include "api.h"
#include "normalisation.h"

namespace freeze::winograd {

// Whether a convolution can be done so and is worth it, by its shape and the machine's instructions alone.
bool serves(const at::Tensor& x, const at::Tensor& kernel, at::IntArrayRef stride, at::IntArrayRef padding);

// conv2d of x [n, channels, height, width] in channels-last order, single numbers or bfloat16, by single numbers: a kernel
// [outputs, channels, 3, 3]; of what the norm makes of x, where there is one.
at::Tensor convolve(const at::Tensor& x, const at::Tensor& kernel, const at::Tensor& bias, int64_t padding,
                    const Normalisation* norm);

// Of a gradient [n, outputs, ...] in channels-last order back to the input of that convolution.
at::Tensor convolve_back(const at::Tensor& gradient, const at::Tensor& kernel, int64_t padding);

// The kernel's gradient [outputs, channels, 3, 3] of an input, or of what the norm made of it, and the gradient of what came
// of that, whose pixels lie in channels-last order. Either may be some channels of a larger tensor.
at::Tensor kernel_gradient(const at::Tensor& x, const at::Tensor& gradient, int64_t padding, const Normalisation* norm);

}  // namespace freeze::winograd
