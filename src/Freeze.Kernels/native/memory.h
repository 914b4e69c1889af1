// Memory for tensors and for the kernels' buffers: see memory.cpp.
#pragma once

#include <cstddef>

namespace freeze {

// As posix_memalign: returns 0 and a block, or an error number.
int allocate(void** block, std::size_t alignment, std::size_t size);

// As free, for a block from `allocate` or from the heap.
void release(void* block);

}  // namespace freeze
