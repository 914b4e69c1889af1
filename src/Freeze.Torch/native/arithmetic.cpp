// Arithmetic, comparisons and sums.
#include "api.h"

using namespace freeze;

// Each operation on two tensors, and on a tensor and a number, as a new tensor and in place.
#define FREEZE_BINARY(name)                                                                            \
    FREEZE_API int freeze_##name(Handle a, Handle b, Handle* result) {                                 \
        return making(result, [&] { return get(a).name(get(b)); });                                    \
    }                                                                                                  \
    FREEZE_API int freeze_##name##_scalar(Handle a, double b, Handle* result) {                        \
        return making(result, [&] { return get(a).name(b); });                                         \
    }                                                                                                  \
    FREEZE_API int freeze_##name##_(Handle a, Handle b) {                                              \
        return guarded([&] { get(a).name##_(get(b)); });                                               \
    }                                                                                                  \
    FREEZE_API int freeze_##name##_scalar_(Handle a, double b) {                                       \
        return guarded([&] { get(a).name##_(b); });                                                    \
    }

FREEZE_BINARY(sub)
FREEZE_BINARY(mul)
FREEZE_BINARY(div)

FREEZE_API int freeze_add(Handle a, Handle b, Handle* result) {
    return making(result, [&] { return get(a).add(get(b)); });
}

FREEZE_API int freeze_add_scalar(Handle a, double b, Handle* result) {
    return making(result, [&] { return get(a).add(b); });
}

// a += alpha * b
FREEZE_API int freeze_add_(Handle a, Handle b, double alpha) {
    return guarded([&] {
        auto target = get(a);
        // Whole numbers want a whole factor.
        if (at::isIntegralType(target.scalar_type(), false)) {
            target.add_(get(b), static_cast<int64_t>(alpha));
        } else {
            target.add_(get(b), alpha);
        }
    });
}

FREEZE_API int freeze_add_scalar_(Handle a, double b) {
    return guarded([&] { get(a).add_(b); });
}

FREEZE_API int freeze_eq(Handle a, Handle b, Handle* result) {
    return making(result, [&] { return get(a).eq(get(b)); });
}

FREEZE_API int freeze_sum(Handle a, Handle* result) {
    return making(result, [&] { return get(a).sum(); });
}

FREEZE_API int freeze_mean(Handle a, const int64_t* dimensions, int64_t count, int keep, Handle* result) {
    return making(result, [&] { return get(a).mean(view(dimensions, count), keep != 0); });
}

FREEZE_API int freeze_argmax(Handle a, int64_t dimension, int keep, Handle* result) {
    return making(result, [&] { return get(a).argmax(dimension, keep != 0); });
}

FREEZE_API int freeze_zero_(Handle a) {
    return guarded([&] { get(a).zero_(); });
}

FREEZE_API int freeze_copy_(Handle a, Handle source, int non_blocking) {
    return guarded([&] { get(a).copy_(get(source), non_blocking != 0); });
}

FREEZE_API int freeze_sqrt(Handle a, Handle* result) {
    return making(result, [&] { return get(a).sqrt(); });
}

FREEZE_API int freeze_sqrt_(Handle a) {
    return guarded([&] { get(a).sqrt_(); });
}

// a += value * b * c
FREEZE_API int freeze_addcmul_(Handle a, Handle b, Handle c, double value) {
    return guarded([&] { get(a).addcmul_(get(b), get(c), value); });
}

// a += value * b / c
FREEZE_API int freeze_addcdiv_(Handle a, Handle b, Handle c, double value) {
    return guarded([&] { get(a).addcdiv_(get(b), get(c), value); });
}

FREEZE_API int freeze_mm(Handle a, Handle b, Handle* result) {
    return making(result, [&] { return get(a).mm(get(b)); });
}

FREEZE_API int freeze_t(Handle a, Handle* result) {
    return making(result, [&] { return get(a).t(); });
}

FREEZE_API int freeze_solve(Handle a, Handle b, Handle* result) {
    return making(result, [&] { return at::linalg_solve(get(a), get(b)); });
}
