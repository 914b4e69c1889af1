// The best loops that this machine can run.
#include "rows.h"
#include "winograd.h"

#define FREEZE_DECLARE(set)                            \
    namespace freeze::kernels::set {                   \
    extern const Rows<float> of_float;                 \
    extern const Rows<double> of_double;               \
    extern const Rows<std::uint16_t> of_bfloat16;      \
    extern const Winograd<float> winograd_of_float;    \
    extern const Winograd<std::uint16_t> winograd_of_bfloat16; \
    }

FREEZE_DECLARE(plain)
#ifdef FREEZE_X86
FREEZE_DECLARE(avx2)
FREEZE_DECLARE(avx512)
#endif

namespace freeze::kernels {
namespace {

template <class Loops>
const Loops* choose(const Loops* plain, const Loops* avx2, const Loops* avx512) {
#ifdef FREEZE_X86
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq")) {
        return avx512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        return avx2;
    }
#endif
    (void)avx2;
    (void)avx512;
    return plain;
}

}  // namespace

#ifdef FREEZE_X86
#define FREEZE_CHOOSE(name) choose(&plain::name, &avx2::name, &avx512::name)
#else
#define FREEZE_CHOOSE(name) choose(&plain::name, decltype(&plain::name){nullptr}, decltype(&plain::name){nullptr})
#endif

template <>
const Rows<float>& rows<float>() {
    static const Rows<float>& chosen = *FREEZE_CHOOSE(of_float);
    return chosen;
}

template <>
const Rows<double>& rows<double>() {
    static const Rows<double>& chosen = *FREEZE_CHOOSE(of_double);
    return chosen;
}

template <>
const Rows<std::uint16_t>& rows<std::uint16_t>() {
    static const Rows<std::uint16_t>& chosen = *FREEZE_CHOOSE(of_bfloat16);
    return chosen;
}

template <>
const Winograd<float>& winograd<float>() {
    static const Winograd<float>& chosen = *FREEZE_CHOOSE(winograd_of_float);
    return chosen;
}

template <>
const Winograd<std::uint16_t>& winograd<std::uint16_t>() {
    static const Winograd<std::uint16_t>& chosen = *FREEZE_CHOOSE(winograd_of_bfloat16);
    return chosen;
}

}  // namespace freeze::kernels
