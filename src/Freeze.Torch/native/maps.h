// Tensors as the loops of kernels/ see them.
#pragma once

#include "api.h"
#include "kernels/maps.h"

namespace freeze {

// A pixel's channels lie side by side, perhaps among others: a tensor [n, channels, height, width] in channels-last order, or
// some channels of one.
inline bool is_maps(const at::Tensor& x) {
    return x.dim() == 4 && x.stride(1) == 1 && x.stride(3) >= x.size(1) && x.stride(2) == x.size(3) * x.stride(3) &&
           x.stride(0) == x.size(2) * x.stride(2);
}

inline kernels::Maps maps(const at::Tensor& x) { return {x.size(0), x.size(2), x.size(3), x.size(1), x.stride(3)}; }

}  // namespace freeze
