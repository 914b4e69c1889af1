// Work on rows of channels in parts that depend on the shape alone, so that sums do not depend on the number of threads.
#pragma once

// at::parallel_for is a template, and runs on one thread where it is compiled without.
#ifndef _OPENMP
#error "compile with OpenMP"
#endif

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace freeze {

template <class T>
T* data(const at::Tensor& x) {
    return static_cast<T*>(x.data_ptr());
}

// Room for so many; tensors of libtorch begin at 64 bytes.
inline at::Tensor numbers(int64_t count) { return at::empty({count}, at::kFloat); }

constexpr int64_t most_parts = 32;

// Calls body(part, first row, rows) for all parts.
template <class Body>
void in_parts(int64_t rows, int64_t channels, Body&& body) {
    constexpr int64_t least = 1 << 14;
    const int64_t parts = std::max<int64_t>(1, std::min(most_parts, rows * channels / least));
    at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
        for (int64_t part = begin; part < end; part++) {
            const int64_t first = rows * part / parts;
            body(part, first, rows * (part + 1) / parts - first);
        }
    });
}

// Adds to the first of so many arrays the others, one behind the other.
inline void add_parts(float* sums, int64_t parts, int64_t size) {
    at::parallel_for(0, size, 1 << 14, [&](int64_t begin, int64_t end) {
        for (int64_t part = 1; part < parts; part++) {
            for (int64_t i = begin; i < end; i++) {
                sums[i] += sums[part * size + i];
            }
        }
    });
}

// Sums of every channel over all rows, made by `add(first row, rows, sums, other sums)`.
template <class Add>
std::pair<std::vector<double>, std::vector<double>> add_up(int64_t rows, int64_t channels, Add&& add) {
    std::vector<double> a(most_parts * channels), b(most_parts * channels);
    in_parts(rows, channels, [&](int64_t part, int64_t first, int64_t few) {
        add(first, few, a.data() + part * channels, b.data() + part * channels);
    });
    for (int64_t part = 1; part < most_parts; part++) {
        for (int64_t c = 0; c < channels; c++) {
            a[c] += a[part * channels + c];
            b[c] += b[part * channels + c];
        }
    }
    a.resize(channels);
    b.resize(channels);
    return {a, b};
}

}  // namespace freeze
