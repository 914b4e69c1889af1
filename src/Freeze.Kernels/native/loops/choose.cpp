// Chooses the best loops that this machine can run.
#include <initializer_list>

#include "filters.h"
#include "planes.h"
#include "pointwise.h"
#include "pool.h"
#include "rows.h"
#include "winograd.h"

namespace freeze::kernels {
namespace {

// The instruction sets that loops are compiled for, and the best of them on this machine.
const char* const sets[] = {"plain", "avx2", "avx512", "avx512bf16"};

int best() {
#ifdef FREEZE_X86
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq")) {
        return __builtin_cpu_supports("avx512bf16") ? 3 : 2;
    }
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 1 : 0;
#else
    return 0;
#endif
}

template <class Loops>
const Loops& choose(std::initializer_list<const Loops*> by_set) {
    return *by_set.begin()[best()];
}

}  // namespace

const char* instructions() { return sets[best()]; }

// Each set has a table of loops; returns the best table that needs no more than `most`.
#ifdef FREEZE_X86
#define FREEZE_TABLES(name, most) &plain::name, &avx2::name, &avx512::name, &most::name
#else
#define FREEZE_TABLES(name, most) &plain::name
#endif

#define FREEZE_GIVE(Loops, give, T, name, most)                                           \
    namespace plain { extern const Loops<T> name; }                                       \
    namespace avx2 { extern const Loops<T> name; }                                        \
    namespace avx512 { extern const Loops<T> name; }                                      \
    namespace avx512bf16 { extern const Loops<T> name; }                                  \
    template <>                                                                           \
    const Loops<T>& give<T>() {                                                           \
        static const Loops<T>& chosen = choose<Loops<T>>({FREEZE_TABLES(name, most)});    \
        return chosen;                                                                    \
    }

FREEZE_GIVE(Rows, rows, float, of_float, avx512)
FREEZE_GIVE(Rows, rows, double, of_double, avx512)
FREEZE_GIVE(Rows, rows, std::uint16_t, of_bfloat16, avx512)
FREEZE_GIVE(Winograd, winograd, float, winograd_of_float, avx512)
FREEZE_GIVE(Winograd, winograd, std::uint16_t, winograd_of_bfloat16, avx512)
FREEZE_GIVE(Winograd, wide_winograd, std::uint16_t, wide_winograd_of_bfloat16, avx512)
FREEZE_GIVE(Winograd, winograd5, float, winograd5_of_float, avx512)
FREEZE_GIVE(Winograd, winograd5, std::uint16_t, winograd5_of_bfloat16, avx512)
FREEZE_GIVE(Filters, filters, float, filters_of_float, avx512)
FREEZE_GIVE(Filters, filters, std::uint16_t, filters_of_bfloat16, avx512)
FREEZE_GIVE(Planes, planes, float, planes_of_float, avx512)
FREEZE_GIVE(Planes, planes, std::uint16_t, planes_of_bfloat16, avx512)
FREEZE_GIVE(Pool, pool, float, pool_of_float, avx512)
FREEZE_GIVE(Pool, pool, std::uint16_t, pool_of_bfloat16, avx512)
FREEZE_GIVE(Pointwise, pointwise, float, pointwise_of_float, avx512)
FREEZE_GIVE(Pointwise, pointwise, std::uint16_t, pointwise_of_bfloat16, avx512bf16)

}  // namespace freeze::kernels
