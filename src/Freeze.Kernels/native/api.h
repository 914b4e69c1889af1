// The C interface of the kernels: plain functions over memory that the caller owns. C# calls them (../Native.cs).
// Every function returns a status. Matrices are [rows, channels] and maps [images, height, width, channels] in memory,
// channels side by side, which is what TorchSharp calls channels-last.
#pragma once

#include <cstdint>
#include <new>

#include "loops/maps.h"

#define FREEZE_API extern "C" __attribute__((visibility("default")))

namespace freeze {

// Raised whenever a kernel may give other bits for the same input; records and checkpoints name it.
constexpr int version = 5;

enum Status : int { fine = 0, failed = 1, out_of_memory = 2 };

// The type of the values in memory. Sums and what there is one of for each channel are float, or double for `doubles`.
enum class Type : int { floats = 0, bfloats = 1, doubles = 2 };

// Values [rows, channels], whose rows lie `stride` numbers apart.
struct Matrix {
    std::int64_t rows, channels, stride;
};

// Maps and where they lie; a pixel may have more channels in memory than are read, `stride` numbers apart.
struct Pixels {
    void* data;
    kernels::Maps maps;
};

// Runs a body; no exception may cross into .NET.
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

// Calls work(T()) with the type of the values.
template <class Work>
void with_type(Type type, Work&& work) {
    type == Type::floats ? work(float{}) : type == Type::doubles ? work(double{}) : work(std::uint16_t{});
}

// Calls work(T()) with the type of bfloat16 or float values; doubles have no such loops.
template <class Work>
auto with_singles(Type type, Work&& work) {
    return type == Type::floats ? work(float{}) : work(std::uint16_t{});
}

}  // namespace freeze
