// Converts values in memory to numbers. The functions are static: otherwise the linker could choose a copy for an instruction set
// that this machine lacks.
#pragma once

#include <cstdint>

namespace freeze::kernels {

static inline float number(float value) { return value; }
static inline double number(double value) { return value; }
// bfloat16 is the upper half of a float.
static inline float number(std::uint16_t value) {
    const std::uint32_t bits = static_cast<std::uint32_t>(value) << 16;
    float wide;
    __builtin_memcpy(&wide, &bits, sizeof wide);
    return wide;
}

}  // namespace freeze::kernels
