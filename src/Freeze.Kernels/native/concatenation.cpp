// Joins maps along their channels: each pixel copies one run of channels from every map.
#include <cstring>

#include "api.h"
#include "parallel.h"

using namespace freeze;

namespace {

// Copies `size` bytes, a constant at compile time.
template <int size>
void copy_chunk(char* to, const char* from) {
    std::memcpy(to, from, size);
}

// A run of a pixel's channels is often short: a call of memcpy would take longer than the copy. The last chunk may overlap the
// previous one.
template <int size>
void copy_chunks(char* to, const char* from, std::int64_t bytes) {
    for (std::int64_t at = 0; at + size <= bytes; at += size) {
        copy_chunk<size>(to + at, from + at);
    }
    copy_chunk<size>(to + bytes - size, from + bytes - size);
}

void copy_run(char* to, const char* from, std::int64_t bytes) {
    if (bytes >= 512) {
        std::memcpy(to, from, bytes);
    } else if (bytes >= 16) {
        copy_chunks<16>(to, from, bytes);
    } else if (bytes >= 4) {
        copy_chunks<4>(to, from, bytes);
    } else {
        copy_chunks<2>(to, from, bytes);
    }
}

}  // namespace

// Writes `count` maps with the same pixels to consecutive channels of larger maps, from the first channel on.
FREEZE_API int freeze_concatenate(Type type, const Pixels* maps, int count, const Pixels* to) {
    return guarded([&] {
        with_type(type, [&](auto kind) {
            using T = decltype(kind);
            const std::int64_t pixels = to->maps.images * to->maps.height * to->maps.width;
            in_parallel(pixels, std::max<std::int64_t>(1, (1 << 14) / to->maps.channels), 0,
                        [&](std::int64_t begin, std::int64_t end, float*) {
                            for (std::int64_t pixel = begin; pixel < end; pixel++) {
                                T* next = static_cast<T*>(to->data) + pixel * to->maps.stride;
                                for (int i = 0; i < count; i++) {
                                    const kernels::Maps& from = maps[i].maps;
                                    copy_run(reinterpret_cast<char*>(next),
                                             reinterpret_cast<const char*>(static_cast<const T*>(maps[i].data) + pixel * from.stride),
                                             from.channels * sizeof(T));
                                    next += from.channels;
                                }
                            }
                        });
        });
    });
}
