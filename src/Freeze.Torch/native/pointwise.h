// Convolutions by 1x1 kernels of what a norm makes of their input, which is not written to memory: see kernels/pointwise.h.
#pragma once

#include "api.h"
#include "normalisation.h"

namespace freeze::pointwise {

// Whether a convolution behind a norm can be done so.
bool serves(const at::Tensor& x, const at::Tensor& kernel, const Normalisation& norm, at::IntArrayRef stride,
            at::IntArrayRef padding);

// conv2d of what the norm makes of x [n, channels, height, width], single numbers or bfloat16, by a kernel of single
// numbers [outputs, channels, 1, 1].
at::Tensor convolve(const at::Tensor& x, const at::Tensor& kernel, const at::Tensor& bias, const Normalisation& norm);

// The gradient [outputs, channels, 1, 1] of a kernel, from that [n, outputs, ...] of what came of it.
at::Tensor kernel_gradient(const at::Tensor& x, const at::Tensor& gradient, const Normalisation& norm);

// Those of the norm and its input.
NormGradients gradients(const at::Tensor& gradient, const at::Tensor& kernel, const at::Tensor& x, const Normalisation& norm,
                        NormWants wants);

}  // namespace freeze::pointwise
