// The best loops that this machine can run.
#include "filters.h"
#include "pointwise.h"
#include "pool.h"
#include "rows.h"
#include "winograd.h"

#define FREEZE_DECLARE(set)                                    \
    namespace freeze::kernels::set {                           \
    extern const Rows<float> of_float;                         \
    extern const Rows<double> of_double;                       \
    extern const Rows<std::uint16_t> of_bfloat16;              \
    extern const Winograd<float> winograd_of_float;            \
    extern const Winograd<std::uint16_t> winograd_of_bfloat16; \
    extern const Winograd<std::uint16_t> wide_winograd_of_bfloat16; \
    extern const Filters<float> filters_of_float;              \
    extern const Filters<std::uint16_t> filters_of_bfloat16;   \
    extern const Pool<float> pool_of_float;                    \
    extern const Pool<std::uint16_t> pool_of_bfloat16;         \
    extern const Pointwise<float> pointwise_of_float;          \
    extern const Pointwise<std::uint16_t> pointwise_of_bfloat16; \
    }

FREEZE_DECLARE(plain)
#ifdef FREEZE_X86
FREEZE_DECLARE(avx2)
FREEZE_DECLARE(avx512)
// What alone has use for it.
namespace freeze::kernels::avx512bf16 {
extern const Pointwise<std::uint16_t> pointwise_of_bfloat16;
}
#endif

namespace freeze::kernels {
namespace {

enum class Set { plain, avx2, avx512, avx512bf16 };

#ifdef FREEZE_X86
Set best() {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq")) {
        return __builtin_cpu_supports("avx512bf16") ? Set::avx512bf16 : Set::avx512;
    }
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? Set::avx2 : Set::plain;
}

template <class Loops>
const Loops* choose(const Loops* plain, const Loops* avx2, const Loops* avx512, const Loops* avx512bf16) {
    switch (best()) {
        case Set::plain:
            return plain;
        case Set::avx2:
            return avx2;
        case Set::avx512:
            return avx512;
        default:
            return avx512bf16;
    }
}
#else
Set best() { return Set::plain; }
#endif

}  // namespace

const char* instructions() {
    switch (best()) {
        case Set::plain:
            return "plain";
        case Set::avx2:
            return "avx2";
        case Set::avx512:
            return "avx512";
        default:
            return "avx512bf16";
    }
}

// The best there are of those that need no more than `most`.
#ifdef FREEZE_X86
#define FREEZE_CHOOSE(name, most) choose(&plain::name, &avx2::name, &avx512::name, &most::name)
#else
#define FREEZE_CHOOSE(name, most) &plain::name
#endif

#define FREEZE_GIVE(Loops, give, T, name, most)                     \
    template <>                                                     \
    const Loops<T>& give<T>() {                                     \
        static const Loops<T>& chosen = *FREEZE_CHOOSE(name, most); \
        return chosen;                                              \
    }

FREEZE_GIVE(Rows, rows, float, of_float, avx512)
FREEZE_GIVE(Rows, rows, double, of_double, avx512)
FREEZE_GIVE(Rows, rows, std::uint16_t, of_bfloat16, avx512)
FREEZE_GIVE(Winograd, winograd, float, winograd_of_float, avx512)
FREEZE_GIVE(Winograd, winograd, std::uint16_t, winograd_of_bfloat16, avx512)
FREEZE_GIVE(Winograd, wide_winograd, std::uint16_t, wide_winograd_of_bfloat16, avx512)
FREEZE_GIVE(Filters, filters, float, filters_of_float, avx512)
FREEZE_GIVE(Filters, filters, std::uint16_t, filters_of_bfloat16, avx512)
FREEZE_GIVE(Pool, pool, float, pool_of_float, avx512)
FREEZE_GIVE(Pool, pool, std::uint16_t, pool_of_bfloat16, avx512)
FREEZE_GIVE(Pointwise, pointwise, float, pointwise_of_float, avx512)
FREEZE_GIVE(Pointwise, pointwise, std::uint16_t, pointwise_of_bfloat16, avx512bf16)

}  // namespace freeze::kernels
