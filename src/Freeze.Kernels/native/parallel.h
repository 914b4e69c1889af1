// Splits work into parts that depend on the shape alone, so that sums do not depend on the number of threads.
//
// The OpenMP functions are undefined in this library: they resolve to libtorch's copy of libgomp, so both share one thread pool
// and one thread count.
#pragma once

#ifndef _OPENMP
#error "compile with OpenMP"
#endif

#include <omp.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include "memory.h"

namespace freeze {

// Memory for some numbers, aligned to 64 bytes.
template <class T>
class Buffer {
public:
    explicit Buffer(std::int64_t count) {
        void* made = nullptr;
        if (allocate(&made, 64, std::max<std::int64_t>(count, 1) * sizeof(T)) != 0) {
            throw std::bad_alloc();
        }
        data_ = static_cast<T*>(made);
    }
    Buffer(Buffer&& other) noexcept : data_(std::exchange(other.data_, nullptr)) {}
    ~Buffer() { release(data_); }

    T* data() const { return data_; }

private:
    T* data_;
};
using Floats = Buffer<float>;

constexpr std::int64_t divided(std::int64_t all, std::int64_t part) { return (all + part - 1) / part; }

// Calls body(begin, end, buffer) for ranges that make up [0, count), each at least `grain` long, on all threads. Each call has
// its own buffer. Buffers are allocated before the threads start, because an exception may not leave a thread.
template <class Body>
void in_parallel(std::int64_t count, std::int64_t grain, std::int64_t buffer, Body&& body) {
    const std::int64_t most = omp_in_parallel() ? 1 : omp_get_max_threads();
    const int threads = static_cast<int>(std::max<std::int64_t>(1, std::min(most, divided(count, grain))));
    const std::int64_t size = divided(buffer, 16) * 16;
    const Floats buffers(threads * size);
    if (threads == 1) {
        body(std::int64_t{0}, count, buffers.data());
        return;
    }
#pragma omp parallel num_threads(threads)
    {
        const std::int64_t range = divided(count, omp_get_num_threads()), thread = omp_get_thread_num();
        const std::int64_t begin = thread * range, end = std::min(count, begin + range);
        if (begin < end) {
            body(begin, end, buffers.data() + thread * size);
        }
    }
}

constexpr std::int64_t most_parts = 32;

// Calls body(part, first row, rows, buffer) for all parts of some rows.
template <class Body>
void in_parts(std::int64_t rows, std::int64_t channels, std::int64_t buffer, Body&& body) {
    constexpr std::int64_t least = 1 << 14;
    const std::int64_t parts = std::max<std::int64_t>(1, std::min(most_parts, rows * channels / least));
    in_parallel(parts, 1, buffer, [&](std::int64_t begin, std::int64_t end, float* room) {
        for (std::int64_t part = begin; part < end; part++) {
            const std::int64_t first = rows * part / parts;
            body(part, first, rows * (part + 1) / parts - first, room);
        }
    });
}

// Sums of `size` floats over the entries [0, count), computed in parts by add(first, end, sums, buffer), which adds to sums that
// start at 0.
template <class Add>
Floats summed_in_parts(std::int64_t count, std::int64_t parts, std::int64_t size, std::int64_t buffer, Add&& add) {
    Floats sums(parts * size);
    in_parallel(parts, 1, buffer, [&](std::int64_t begin, std::int64_t end, float* room) {
        for (std::int64_t part = begin; part < end; part++) {
            float* sum = sums.data() + part * size;
            std::memset(sum, 0, size * sizeof(float));
            add(count * part / parts, count * (part + 1) / parts, sum, room);
        }
    });
    in_parallel(size, 1 << 14, 0, [&](std::int64_t begin, std::int64_t end, float*) {
        for (std::int64_t part = 1; part < parts; part++) {
            for (std::int64_t i = begin; i < end; i++) {
                sums.data()[i] += sums.data()[part * size + i];
            }
        }
    });
    return sums;
}

using Sums = std::pair<std::vector<double>, std::vector<double>>;

// Two sums for each channel over all rows, computed by `add(first row, rows, sums, other sums, buffer)`.
template <class Add>
Sums add_up(std::int64_t rows, std::int64_t channels, std::int64_t buffer, Add&& add) {
    // One row per part.
    const Buffer<double> first_sums(most_parts * channels), second_sums(most_parts * channels);
    double *a = first_sums.data(), *b = second_sums.data();
    std::fill_n(a, most_parts * channels, 0.0);
    std::fill_n(b, most_parts * channels, 0.0);
    in_parts(rows, channels, buffer, [&](std::int64_t part, std::int64_t first, std::int64_t few, float* room) {
        add(first, few, a + part * channels, b + part * channels, room);
    });
    for (std::int64_t part = 1; part < most_parts; part++) {
        for (std::int64_t c = 0; c < channels; c++) {
            a[c] += a[part * channels + c];
            b[c] += b[part * channels + c];
        }
    }
    return {{a, a + channels}, {b, b + channels}};
}

}  // namespace freeze
