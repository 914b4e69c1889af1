// Loops over memory in the layout [rows, channels], such as a batch in channels-last order. Each instruction set compiles them
// once (rows.cpp), and the library chooses the machine's best when it is loaded.
#pragma once

#include <cstdint>

namespace freeze::kernels {

// The type of a channel's sums: float for bfloat16.
template <class T>
struct Sums {
    using Number = T;
};
template <>
struct Sums<std::uint16_t> {
    using Number = float;
};
template <class T>
using Number = typename Sums<T>::Number;

// The number of values in a block of `drop`.
constexpr std::int64_t values_of_a_block = 1024;

// T is float, double, or std::uint16_t for bfloat16. Arrays with one entry per channel hold Number<T>; sums are doubles. A call
// covers `rows` rows of the batch; calls on different rows may run at the same time. Rows of x are `stride` numbers apart, so x
// may be some channels of larger maps; rows of other arrays are contiguous.
template <class T>
struct Rows {
    // Sums (x - pivot) and its square.
    void (*moments)(const T* x, std::int64_t stride, std::int64_t rows, std::int64_t channels, const Number<T>* pivot,
                    double* sums, double* squares);
    // y = x scale + shift; negative results become 0 if `relu`.
    void (*scale)(const T* x, std::int64_t stride, std::int64_t rows, std::int64_t channels, const Number<T>* scale,
                  const Number<T>* shift, bool relu, T* y);
    // Sums g and g (x - mean), where g is the gradient of the result of `scale` before its relu: 0 where the relu gave 0.
    void (*gradient_moments)(const T* gradient, const T* x, std::int64_t stride, std::int64_t rows,
                             std::int64_t channels, const Number<T>* scale, const Number<T>* shift, const Number<T>* mean, bool relu,
                             double* sums, double* products);
    // out = g scale + x b + c, g as above.
    void (*gradient)(const T* gradient, const T* x, std::int64_t stride, std::int64_t rows, std::int64_t channels,
                     const Number<T>* scale, const Number<T>* shift, const Number<T>* b, const Number<T>* c, bool relu,
                     T* out);
    // Adds x to y; rows of y are `stride_of_y` apart.
    void (*add)(const T* x, std::int64_t stride, std::int64_t rows, std::int64_t channels, T* y, std::int64_t stride_of_y);
    // y = x scale, or 0 where the value's 32 random bits are below the threshold; `count` values of block number `block`. The
    // bits are halves of SplitMix64's numbers (Steele, Lea and Flood 2014) from the key: lower halves for the first half of the
    // block, upper halves for the second.
    void (*drop)(const T* x, std::int64_t count, std::uint64_t key, std::int64_t block, std::uint32_t threshold,
                 Number<T> scale, T* y);
};

// The loops for this machine.
template <class T>
const Rows<T>& rows();

// The name of the chosen instruction set.
const char* instructions();

}  // namespace freeze::kernels
