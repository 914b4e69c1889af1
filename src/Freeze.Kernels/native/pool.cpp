// Max pooling over windows that touch, with a relu, in one pass over memory: see loops/pool.h.
#include "loops/pool.h"

#include "api.h"
#include "parallel.h"

using namespace freeze;
using kernels::Windows;

namespace {

// Calls body(first row, rows) for parts of the output's rows, on all threads.
template <class Body>
void in_rows(std::int64_t images, const Windows& by, Body&& body) {
    const std::int64_t values = by.size * by.width * by.channels;
    in_parallel(images * by.down(), std::max<std::int64_t>(1, (1 << 14) / values), 0,
                [&](std::int64_t begin, std::int64_t end, float*) { body(begin, end - begin); });
}

}  // namespace

// y: the greatest value of each window of x, at least 0 if `relu` is not 0; places: for each output, one byte with the index of
// its value in the window.
FREEZE_API int freeze_pool_forward(Type type, const void* x, std::int64_t images, const Windows* by, int relu, void* y,
                                   std::uint8_t* places) {
    return guarded([&] {
        with_singles(type, [&](auto kind) {
            using T = decltype(kind);
            in_rows(images, *by, [&](std::int64_t first, std::int64_t rows) {
                kernels::pool<T>().greatest(*by, static_cast<const T*>(x), first, rows, relu != 0, static_cast<T*>(y), places);
            });
        });
    });
}

// Writes the whole gradient of x.
FREEZE_API int freeze_pool_backward(Type type, const void* gradient, const std::uint8_t* places, std::int64_t images,
                                    const Windows* by, void* to) {
    return guarded([&] {
        with_singles(type, [&](auto kind) {
            using T = decltype(kind);
            T* to_x = static_cast<T*>(to);
            // Rows at the bottom that are in no window.
            const std::int64_t row = by->width * by->channels, used = by->down() * by->size;
            for (std::int64_t image = 0; used < by->height && image < images; image++) {
                std::fill_n(to_x + (image * by->height + used) * row, (by->height - used) * row, T{});
            }
            in_rows(images, *by, [&](std::int64_t first, std::int64_t rows) {
                kernels::pool<T>().spread(*by, static_cast<const T*>(gradient), places, first, rows, to_x);
            });
        });
    });
}
