// The gradient of a few filters of a convolution: see kernels/filters.h.
#pragma once

#include "api.h"
#include "normalisation.h"

namespace freeze::filters {

// Whether the gradient of so many filters [filters, channels, height, width] can be computed so and is worth it, by the
// convolution's shape alone.
bool serves(const at::Tensor& x, int64_t filters, at::IntArrayRef kernel, at::IntArrayRef stride, at::IntArrayRef padding);

// That gradient, from x [n, channels, ...] in channels-last order, single numbers or bfloat16, or what the norm made of it,
// and the filters' own [n, filters, ...].
at::Tensor kernel_gradient(const at::Tensor& x, const at::Tensor& gradient, at::IntArrayRef kernel, int64_t padding,
                           const Normalisation* norm);

}  // namespace freeze::filters
