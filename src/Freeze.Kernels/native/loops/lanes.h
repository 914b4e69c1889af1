// The arithmetic of the loops over maps, in the namespace of their instruction set: lanes of 16 channels and products of
// matrices. Lanes are GCC vectors: the compiler makes each of one, two or four registers.
#pragma once

#include <cstdint>

#ifdef __AVX512F__
#include <immintrin.h>
#endif
#ifdef __AVX512BF16__
#define FREEZE_PAIRS
#endif

namespace freeze::kernels::FREEZE_SET {
namespace {

typedef float Lane __attribute__((vector_size(64)));
typedef float Loose __attribute__((vector_size(64), aligned(4), may_alias));
constexpr std::int64_t lane = 16;

#ifdef __AVX512F__
constexpr int most_rows = 12, most_lanes = 2;
#else
constexpr int most_rows = 4, most_lanes = 1;
#endif

inline Lane load(const float* from) { return *reinterpret_cast<const Loose*>(from); }
inline void store(float* to, Lane values) { *reinterpret_cast<Loose*>(to) = values; }

// bfloat16 is the upper half of a float. Rounded to the nearest, ties to even, as libtorch does; NaN stays NaN.
typedef std::uint16_t Halves __attribute__((vector_size(32)));
typedef std::uint16_t LooseHalves __attribute__((vector_size(32), aligned(2), may_alias));
typedef std::uint32_t Bits __attribute__((vector_size(64)));

inline Lane widened(Halves halves) { return reinterpret_cast<Lane>(__builtin_convertvector(halves, Bits) << 16); }
inline Lane load(const std::uint16_t* from) { return widened(*reinterpret_cast<const LooseHalves*>(from)); }

// The results are in the upper halves.
inline Bits rounded(Lane values) {
    const Bits bits = reinterpret_cast<Bits>(values);
    return (bits & 0x7FFFFFFF) > 0x7F800000 ? Bits{} + 0x7FC00000 : bits + 0x7FFF + ((bits >> 16) & 1);
}

inline void store(std::uint16_t* to, Lane values) {
    *reinterpret_cast<LooseHalves*>(to) = __builtin_convertvector(rounded(values) >> 16, Halves);
}

// Some channels of a pixel; the lane's other numbers are 0 when loaded, and not written when stored.
#ifdef __AVX512BW__
inline __mmask16 first(std::int64_t count) { return static_cast<__mmask16>((1u << count) - 1); }

inline Lane few(const float* from, std::int64_t count) {
    return reinterpret_cast<Lane>(_mm512_maskz_loadu_ps(first(count), from));
}
inline Lane few(const std::uint16_t* from, std::int64_t count) {
    return widened(reinterpret_cast<Halves>(_mm256_maskz_loadu_epi16(first(count), from)));
}
inline void store_few(float* to, Lane values, std::int64_t count) {
    _mm512_mask_storeu_ps(to, first(count), reinterpret_cast<__m512>(values));
}
inline void store_few(std::uint16_t* to, Lane values, std::int64_t count) {
    const Halves halves = __builtin_convertvector(rounded(values) >> 16, Halves);
    _mm256_mask_storeu_epi16(to, first(count), reinterpret_cast<__m256i>(halves));
}
#else
template <class T>
Lane few(const T* from, std::int64_t count) {
    T values[lane] = {};
    for (std::int64_t i = 0; i < count; i++) {
        values[i] = from[i];
    }
    return load(values);
}
template <class T>
void store_few(T* to, Lane values, std::int64_t count) {
    T made[lane];
    store(made, values);
    for (std::int64_t i = 0; i < count; i++) {
        to[i] = made[i];
    }
}
#endif

template <class T>
inline Lane load(const T* from, std::int64_t count) {
    return count >= lane ? load(from) : few(from, count);
}

template <class T>
inline void store(T* to, Lane values, std::int64_t count) {
    if (count >= lane) {
        store(to, values);
    } else {
        store_few(to, values, count);
    }
}

// Not (values > 0 ? values : 0): NaN must remain visible.
#ifdef __AVX512F__
inline Lane relu(Lane values) {
    return reinterpret_cast<Lane>(_mm512_maskz_max_ps(0xFFFF, _mm512_setzero_ps(), reinterpret_cast<__m512>(values)));
}
#else
inline Lane relu(Lane values) { return values < 0 ? Lane{} : values; }
#endif

constexpr std::int64_t whole_lanes(std::int64_t channels) { return (channels + lane - 1) / lane * lane; }

// Multiplies the numbers of a product one by one.
struct Singles {
    static constexpr int numbers = 1;

    static Lane add(Lane sum, float a, Lane b) { return sum + a * b; }
    static void store(float* to, Lane values) { kernels::FREEZE_SET::store(to, values); }
    static Lane together(Lane value, Lane) { return value; }
};

#ifdef FREEZE_PAIRS
// Two bfloat16 numbers in the place of a float, multiplied and added by one instruction.
struct Pairs {
    static constexpr int numbers = 2;

    static Lane add(Lane sum, float a, Lane b) {
        return reinterpret_cast<Lane>(_mm512_dpbf16_ps(reinterpret_cast<__m512>(sum),
                                                       reinterpret_cast<__m512bh>(_mm512_set1_ps(a)),
                                                       reinterpret_cast<__m512bh>(b)));
    }
    // Neighbours form pairs.
    static void store(float* to, Lane values) { kernels::FREEZE_SET::store(reinterpret_cast<std::uint16_t*>(to), values); }
    static Lane together(Lane first, Lane second) {
        return reinterpret_cast<Lane>((rounded(first) >> 16) | (rounded(second) & 0xFFFF0000));
    }
};
#endif

// out [rows, lanes] (+)= a [rows, inner] b [inner, lanes], with the given strides of entries.
template <class Kind, int rows, int lanes>
inline void block(const float* a, std::int64_t a_row, std::int64_t a_inner, const float* b, std::int64_t b_inner,
                  std::int64_t inner, float* out, std::int64_t out_row, bool add) {
    Lane sum[rows][lanes];
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 2
        for (int l = 0; l < lanes; l++) {
            sum[r][l] = add ? load(out + r * out_row + l * lane) : Lane{};
        }
    }
    for (std::int64_t i = 0; i < inner; i++) {
        Lane of_b[lanes];
#pragma GCC unroll 2
        for (int l = 0; l < lanes; l++) {
            of_b[l] = load(b + i * b_inner + l * lane);
        }
#pragma GCC unroll 16
        for (int r = 0; r < rows; r++) {
            const float of_a = a[r * a_row + i * a_inner];
#pragma GCC unroll 2
            for (int l = 0; l < lanes; l++) {
                sum[r][l] = Kind::add(sum[r][l], of_a, of_b[l]);
            }
        }
    }
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 2
        for (int l = 0; l < lanes; l++) {
            store(out + r * out_row + l * lane, sum[r][l]);
        }
    }
}

// As above for any number of rows divisible by 4.
template <class Kind, int lanes>
void rows_product(const float* a, std::int64_t a_row, std::int64_t a_inner, const float* b, std::int64_t b_inner,
                  std::int64_t inner, std::int64_t rows, float* out, std::int64_t out_row, bool add) {
    std::int64_t r = 0;
    for (; rows - r >= most_rows; r += most_rows) {
        block<Kind, most_rows, lanes>(a + r * a_row, a_row, a_inner, b, b_inner, inner, out + r * out_row, out_row, add);
    }
    for (; r < rows; r += 4) {
        block<Kind, 4, lanes>(a + r * a_row, a_row, a_inner, b, b_inner, inner, out + r * out_row, out_row, add);
    }
}

template <class Kind>
void product(std::int64_t lanes, const float* a, std::int64_t a_row, std::int64_t a_inner, const float* b,
             std::int64_t b_inner, std::int64_t inner, std::int64_t rows, float* out, std::int64_t out_row, bool add) {
    if (most_lanes == 2 && lanes == 2) {
        rows_product<Kind, most_lanes>(a, a_row, a_inner, b, b_inner, inner, rows, out, out_row, add);
    } else {
        rows_product<Kind, 1>(a, a_row, a_inner, b, b_inner, inner, rows, out, out_row, add);
    }
}

// Calls body(first channel, number of lanes) for panels of channels.
template <class Body>
inline void panels(std::int64_t channels, Body&& body) {
    std::int64_t c = 0;
    if constexpr (most_lanes == 2) {
        for (; channels - c >= 2 * lane; c += 2 * lane) {
            body(c, 2);
        }
    }
    for (; c < channels; c += lane) {
        body(c, 1);
    }
}

}  // namespace
}  // namespace freeze::kernels::FREEZE_SET
