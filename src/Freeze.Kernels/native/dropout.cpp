// Dropout in one pass over memory, on all threads: see `drop` in loops/rows.h. A value's fate depends only on its place and on
// one number, the key, so the gradient repeats the draws and nothing is kept for it.
#include <algorithm>
#include <cmath>

#include "api.h"
#include "loops/rows.h"
#include "parallel.h"

using namespace freeze;

namespace {

template <class T>
void drop(const T* x, std::int64_t count, std::uint64_t key, double fraction, T* y) {
    constexpr std::int64_t width = kernels::values_of_a_block;
    const auto threshold = static_cast<std::uint32_t>(std::min(std::round(fraction * 4294967296.0), 4294967295.0));
    const auto scale = static_cast<kernels::Number<T>>(1 / (1 - fraction));
    in_parts(divided(count, width), width, 0, [&](std::int64_t, std::int64_t first, std::int64_t few, float*) {
        for (std::int64_t block = first; block < first + few; block++) {
            const std::int64_t start = block * width;
            kernels::rows<T>().drop(x + start, std::min(width, count - start), key, block, threshold, scale, y + start);
        }
    });
}

}  // namespace

// y: x with the given fraction of its values set to 0 and the others divided by the fraction that remains.
FREEZE_API int freeze_dropout(Type type, const void* x, std::int64_t count, std::uint64_t key, double fraction, void* y) {
    return guarded([&] {
        with_type(type, [&](auto kind) {
            using T = decltype(kind);
            drop(static_cast<const T*>(x), count, key, fraction, static_cast<T*>(y));
        });
    });
}
