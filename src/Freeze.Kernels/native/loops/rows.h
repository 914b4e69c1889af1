// Loops over rows of channels: what lies in memory as [rows, channels], such as a batch in channels-last order. Each
// instruction set compiles them once (rows.cpp), and the machine's best is taken where the library is loaded.
#pragma once

#include <cstdint>

namespace freeze::kernels {

// Numbers of which the sums of a channel are made: bfloat16 is summed in float.
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

// Values that `drop` takes at a time.
constexpr std::int64_t values_of_a_block = 1024;

// T is float, double, or std::uint16_t for bfloat16. All arrays of one entry for each channel are of Number<T>, sums
// are doubles. `rows` of a call are a part of the batch; calls on different parts may run at the same time. Rows of x lie `stride`
// numbers apart, so that it may be some channels of more; those of other arrays lie side by side.
template <class T>
struct Rows {
    // Adds up (x - pivot) and its square.
    void (*moments)(const T* x, std::int64_t stride, std::int64_t rows, std::int64_t channels, const Number<T>* pivot,
                    double* sums, double* squares);
    // y = x scale + shift, and 0 for what is below where `relu`.
    void (*scale)(const T* x, std::int64_t stride, std::int64_t rows, std::int64_t channels, const Number<T>* scale,
                  const Number<T>* shift, bool relu, T* y);
    // Adds up g and g (x - mean), where g is the gradient of what `scale` has made: 0 where that was cut off at 0.
    void (*gradient_moments)(const T* gradient, const T* x, std::int64_t stride, std::int64_t rows,
                             std::int64_t channels, const Number<T>* scale, const Number<T>* shift, const Number<T>* mean, bool relu,
                             double* sums, double* products);
    // out = g scale + x b + c, g as above.
    void (*gradient)(const T* gradient, const T* x, std::int64_t stride, std::int64_t rows, std::int64_t channels,
                     const Number<T>* scale, const Number<T>* shift, const Number<T>* b, const Number<T>* c, bool relu,
                     T* out);
    // Adds x to y, whose rows lie `stride_of_y` apart.
    void (*add)(const T* x, std::int64_t stride, std::int64_t rows, std::int64_t channels, T* y, std::int64_t stride_of_y);
    // y = x scale, or 0 where the value's 32 random bits are less than the threshold; `count` values of block number
    // `block`. The bits are halves of SplitMix64's numbers (Steele, Lea and Flood 2014) from the key: those of the block's
    // first half are the lower ones.
    void (*drop)(const T* x, std::int64_t count, std::uint64_t key, std::int64_t block, std::uint32_t threshold,
                 Number<T> scale, T* y);
};

// The loops for this machine.
template <class T>
const Rows<T>& rows();

// The name of the instruction set that they were compiled for.
const char* instructions();

}  // namespace freeze::kernels
