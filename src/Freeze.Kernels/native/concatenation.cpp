// Joins maps along their channels: for every pixel a run of each of them is copied.
#include <cstring>

#include "api.h"
#include "parallel.h"

using namespace freeze;

// `count` maps of as many pixels, to maps that have the channels of all.
FREEZE_API int freeze_concatenate(Type type, const Pixels* maps, int count, void* to) {
    return guarded([&] {
        with_type(type, [&](auto kind) {
            using T = decltype(kind);
            std::int64_t channels = 0;
            for (int i = 0; i < count; i++) {
                channels += maps[i].maps.channels;
            }
            const std::int64_t pixels = maps[0].maps.images * maps[0].maps.height * maps[0].maps.width;
            in_parallel(pixels, std::max<std::int64_t>(1, (1 << 14) / channels), 0,
                        [&](std::int64_t begin, std::int64_t end, float*) {
                            T* next = static_cast<T*>(to) + begin * channels;
                            for (std::int64_t pixel = begin; pixel < end; pixel++) {
                                for (int i = 0; i < count; i++) {
                                    const kernels::Maps& from = maps[i].maps;
                                    std::memcpy(next, static_cast<const T*>(maps[i].data) + pixel * from.stride,
                                                from.channels * sizeof(T));
                                    next += from.channels;
                                }
                            }
                        });
        });
    });
}
