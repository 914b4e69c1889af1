// Compiled once for each instruction set, in the namespace FREEZE_SET. From other headers, use static functions only: otherwise
// the linker could choose a copy that this machine cannot run.
#include "rows.h"

#include "numbers.h"

#define FREEZE_RESTRICT __restrict__

namespace freeze::kernels::FREEZE_SET {
namespace {

inline void write(float* to, float value) { *to = value; }
inline void write(double* to, double value) { *to = value; }
// Rounded to the nearest, ties to even, as libtorch does; NaN stays NaN.
inline void write(std::uint16_t* to, float value) {
    std::uint32_t bits;
    __builtin_memcpy(&bits, &value, 4);
    std::uint32_t rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
    *to = static_cast<std::uint16_t>((bits & 0x7FFFFFFF) > 0x7F800000 ? 0x7FC0 : rounded);
}

// The sums of this many rows are kept in the numbers' own type, then added to the doubles.
constexpr std::int64_t rows_of_a_sum = 64;
// Channels per pass: their sums stay in the first-level cache.
constexpr std::int64_t width = 256;

// Calls body(first channel, channels, first row, rows) for tiles, and flush(first channel, channels) after each.
template <class Body>
void tiles(std::int64_t rows, std::int64_t channels, Body&& body) {
    for (std::int64_t c = 0; c < channels; c += width) {
        for (std::int64_t r = 0; r < rows; r += rows_of_a_sum) {
            body(c, channels - c < width ? channels - c : width, r, rows - r < rows_of_a_sum ? rows - r : rows_of_a_sum);
        }
    }
}

template <class T>
void moments(const T* x, std::int64_t stride, std::int64_t rows, std::int64_t channels, const Number<T>* pivot, double* sums,
             double* squares) {
    tiles(rows, channels, [&](std::int64_t first, std::int64_t count, std::int64_t row, std::int64_t few) {
        Number<T> s[width] = {}, q[width] = {};
        const Number<T>* FREEZE_RESTRICT p = pivot + first;
        for (std::int64_t r = row; r < row + few; r++) {
            const T* FREEZE_RESTRICT from = x + r * stride + first;
#pragma omp simd
            for (std::int64_t c = 0; c < count; c++) {
                Number<T> v = number(from[c]) - p[c];
                s[c] += v;
                q[c] += v * v;
            }
        }
        for (std::int64_t c = 0; c < count; c++) {
            sums[first + c] += s[c];
            squares[first + c] += q[c];
        }
    });
}

template <class T, bool relu>
void scale_rows(const T* x, std::int64_t stride, std::int64_t rows, std::int64_t channels, const Number<T>* scale,
                const Number<T>* shift, T* y) {
    for (std::int64_t r = 0; r < rows; r++) {
        const T* FREEZE_RESTRICT from = x + r * stride;
        T* FREEZE_RESTRICT to = y + r * channels;
#pragma omp simd
        for (std::int64_t c = 0; c < channels; c++) {
            Number<T> v = number(from[c]) * scale[c] + shift[c];
            // Not (v > 0 ? v : 0): NaN must remain visible.
            write(to + c, relu && v < 0 ? 0 : v);
        }
    }
}

template <class T>
void scale(const T* x, std::int64_t stride, std::int64_t rows, std::int64_t channels, const Number<T>* scale,
           const Number<T>* shift, bool relu, T* y) {
    (relu ? scale_rows<T, true> : scale_rows<T, false>)(x, stride, rows, channels, scale, shift, y);
}

template <class T, bool relu>
void gradient_moments_rows(const T* gradient, const T* x, std::int64_t stride, std::int64_t rows, std::int64_t channels,
                           const Number<T>* scale, const Number<T>* shift, const Number<T>* mean, double* sums,
                           double* products) {
    tiles(rows, channels, [&](std::int64_t first, std::int64_t count, std::int64_t row, std::int64_t few) {
        Number<T> s[width] = {}, q[width] = {};
        const Number<T>* FREEZE_RESTRICT a = scale + first;
        const Number<T>* FREEZE_RESTRICT b = shift + first;
        const Number<T>* FREEZE_RESTRICT m = mean + first;
        for (std::int64_t r = row; r < row + few; r++) {
            const T* FREEZE_RESTRICT g = gradient + r * channels + first;
            const T* FREEZE_RESTRICT in = x + r * stride + first;
#pragma omp simd
            for (std::int64_t c = 0; c < count; c++) {
                const Number<T> from = number(in[c]);
                const Number<T> v = relu && from * a[c] + b[c] <= 0 ? 0 : number(g[c]);
                s[c] += v;
                q[c] += v * (from - m[c]);
            }
        }
        for (std::int64_t c = 0; c < count; c++) {
            sums[first + c] += s[c];
            products[first + c] += q[c];
        }
    });
}

template <class T>
void gradient_moments(const T* gradient, const T* x, std::int64_t stride, std::int64_t rows, std::int64_t channels,
                      const Number<T>* scale, const Number<T>* shift, const Number<T>* mean, bool relu, double* sums,
                      double* products) {
    (relu ? gradient_moments_rows<T, true> : gradient_moments_rows<T, false>)(
        gradient, x, stride, rows, channels, scale, shift, mean, sums, products);
}

template <class T, bool relu>
void gradient_rows(const T* gradient, const T* x, std::int64_t stride, std::int64_t rows, std::int64_t channels,
                   const Number<T>* scale, const Number<T>* shift, const Number<T>* b, const Number<T>* k, T* out) {
    for (std::int64_t r = 0; r < rows; r++) {
        const T* FREEZE_RESTRICT g = gradient + r * channels;
        const T* FREEZE_RESTRICT in = x + r * stride;
        T* FREEZE_RESTRICT to = out + r * channels;
#pragma omp simd
        for (std::int64_t c = 0; c < channels; c++) {
            const Number<T> from = number(in[c]);
            const Number<T> v = relu && from * scale[c] + shift[c] <= 0 ? 0 : number(g[c]);
            write(to + c, v * scale[c] + (from * b[c] + k[c]));
        }
    }
}

template <class T>
void gradient(const T* gradient, const T* x, std::int64_t stride, std::int64_t rows, std::int64_t channels,
              const Number<T>* scale, const Number<T>* shift, const Number<T>* b, const Number<T>* c, bool relu, T* out) {
    (relu ? gradient_rows<T, true> : gradient_rows<T, false>)(gradient, x, stride, rows, channels, scale, shift, b, c, out);
}

template <class T>
void add(const T* x, std::int64_t stride, std::int64_t rows, std::int64_t channels, T* y, std::int64_t stride_of_y) {
    for (std::int64_t r = 0; r < rows; r++) {
        const T* FREEZE_RESTRICT from = x + r * stride;
        T* FREEZE_RESTRICT to = y + r * stride_of_y;
#pragma omp simd
        for (std::int64_t c = 0; c < channels; c++) {
            write(to + c, number(to[c]) + number(from[c]));
        }
    }
}

inline std::uint64_t number_at(std::uint64_t key, std::uint64_t place) {
    std::uint64_t z = key + (place + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

template <class T>
void drop(const T* x, std::int64_t count, std::uint64_t key, std::int64_t block, std::uint32_t threshold,
          Number<T> scale, T* y) {
    constexpr std::int64_t half = values_of_a_block / 2;
    std::uint32_t bits[values_of_a_block];
#pragma omp simd
    for (std::int64_t i = 0; i < half; i++) {
        const std::uint64_t number = number_at(key, block * half + i);
        bits[i] = static_cast<std::uint32_t>(number);
        bits[half + i] = static_cast<std::uint32_t>(number >> 32);
    }
    const T* FREEZE_RESTRICT from = x;
    T* FREEZE_RESTRICT to = y;
#pragma omp simd
    for (std::int64_t i = 0; i < count; i++) {
        write(to + i, bits[i] < threshold ? 0 : number(from[i]) * scale);
    }
}

template <class T>
constexpr Rows<T> table = {moments<T>, scale<T>, gradient_moments<T>, gradient<T>, add<T>, drop<T>};

}  // namespace

extern const Rows<float> of_float = table<float>;
extern const Rows<double> of_double = table<double>;
extern const Rows<std::uint16_t> of_bfloat16 = table<std::uint16_t>;

}  // namespace freeze::kernels::FREEZE_SET
