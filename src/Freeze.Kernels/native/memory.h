// Memory for tensors and for what kernels need meanwhile: see memory.cpp.
#pragma once

#include <cstddef>

namespace freeze {

// As posix_memalign: 0 and a block, or another number.
int allocate(void** block, std::size_t alignment, std::size_t size);

// As free, of a block from `allocate` or from the heap.
void release(void* block);

}  // namespace freeze
