// The C interface of the kernels: plain functions over memory that the caller owns. C# calls them (../Native.cs). Every function
// returns a status. Matrices are [rows, channels] in memory, and maps [images, height, width, channels], which TorchSharp calls
// channels-last.
#pragma once

#include <cstdint>
#include <new>

#include "loops/maps.h"

#define FREEZE_API extern "C" __attribute__((visibility("default")))

namespace freeze {

// Raise this whenever a kernel may return other bits for the same input; records and checkpoints name it.
constexpr int version = 7;

enum Status : int { fine = 0, failed = 1, out_of_memory = 2 };

// The type of the values in memory. Sums and per-channel numbers are float, or double for `doubles`.
enum class Type : int { floats = 0, bfloats = 1, doubles = 2 };

// Values [rows, channels] with rows `stride` numbers apart.
struct Matrix {
    std::int64_t rows, channels, stride;
};

// Maps and their address. Pixels are `stride` numbers apart: they may have more channels in memory than are read.
struct Pixels {
    void* data;
    kernels::Maps maps;
};

// Runs a body and turns exceptions into a status: none may cross into .NET.
template <class Body>
int guarded(Body&& body) noexcept {
    try {
        body();
        return fine;
    } catch (const std::bad_alloc&) {
        return out_of_memory;
    } catch (...) {
        return failed;
    }
}

// Calls work(T()), where T is the type of the values.
template <class Work>
void with_type(Type type, Work&& work) {
    type == Type::floats ? work(float{}) : type == Type::doubles ? work(double{}) : work(std::uint16_t{});
}

// As above for bfloat16 and float values only; these loops do not exist for doubles.
template <class Work>
auto with_singles(Type type, Work&& work) {
    return type == Type::floats ? work(float{}) : work(std::uint16_t{});
}

}  // namespace freeze
