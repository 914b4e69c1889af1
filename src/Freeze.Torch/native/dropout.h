#pragma once

#include <torch/torch.h>

namespace freeze {

// In training, zeroes a share of the values and scales the others up.
at::Tensor dropout(const at::Tensor& input, double share, bool training);

}  // namespace freeze
