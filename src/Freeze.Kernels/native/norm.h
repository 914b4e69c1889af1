// The parts of batch norm (norm.cpp) that convolutions which read a norm also use.
#pragma once

#include "api.h"
#include "loops/rows.h"
#include "parallel.h"

namespace freeze {

// The normaliser of a batch: four numbers for each channel, in four consecutive arrays, so that y = x scale + shift with scale =
// weight inverse and shift = bias - mean scale.
template <class N>
struct Normaliser {
    const N *mean, *inverse, *scale, *shift;

    Normaliser(const void* data, std::int64_t channels)
        : mean(static_cast<const N*>(data)),
          inverse(mean + channels),
          scale(inverse + channels),
          shift(scale + channels) {}
};

// Where to write gradients; null for those that are not requested. `training`: the statistics are the batch's own, so gradients
// flow through them. `others`: the gradient of the input's other readers, to be added, or null; its rows are `others_stride`
// apart, so it may be some channels of a larger map. If it is `input`, the norm's gradient is added in place. Weight and bias
// have `all` channels; the norm's input has those at `live`, or all if that is null; the gradients of the rest are 0.
struct NormGradients {
    void *input, *weight, *bias;
    int training, relu;
    const void* others;
    std::int64_t others_stride;
    const std::int64_t* live;
    std::int64_t all;

    bool is_in_place() const { return others != nullptr && others == input; }
    bool wants_weights() const { return weight != nullptr || bias != nullptr; }
    bool wants_sums() const { return wants_weights() || (input != nullptr && training != 0); }
};

// The gradients of weight and bias, from the sums of g and of g (x - mean) over all rows.
template <class N>
void weight_gradients(const Sums& sums, std::int64_t channels, const Normaliser<N>& by, const NormGradients& to) {
    N *weight = static_cast<N*>(to.weight), *bias = static_cast<N*>(to.bias);
    for (N* gradient : {weight, bias}) {
        if (gradient != nullptr && to.live != nullptr) {
            std::fill_n(gradient, to.all, N{});
        }
    }
    for (std::int64_t c = 0; c < channels; c++) {
        const std::int64_t place = to.live == nullptr ? c : to.live[c];
        if (weight != nullptr) {
            weight[place] = static_cast<N>(sums.second[c] * by.inverse[c]);
        }
        if (bias != nullptr) {
            bias[place] = static_cast<N>(sums.first[c]);
        }
    }
}

// b and c of g scale + x b + c, the gradient of the input. With running statistics, which are constants, both are 0.
template <class N>
struct Slopes {
    std::vector<N> b, c;

    Slopes(const Sums& sums, std::int64_t rows, std::int64_t channels, const Normaliser<N>& by, bool training)
        : b(channels), c(channels) {
        for (std::int64_t i = 0; training && i < channels; i++) {
            const double slope = sums.second[i] / rows * by.inverse[i] * by.inverse[i];
            b[i] = static_cast<N>(-by.scale[i] * slope);
            c[i] = static_cast<N>(by.scale[i] * (slope * by.mean[i] - sums.first[i] / rows));
        }
    }
};

// Rows per pass: their gradients stay in the cache until the others' are added.
constexpr std::int64_t rows_beside_others = 96;

// The size in floats of the buffer of `input_gradient`.
template <class T>
std::int64_t room_for_gradients(const NormGradients& to, std::int64_t channels) {
    return to.is_in_place() ? divided(rows_beside_others * channels * sizeof(T), 64) * 16 : 0;
}

// Computes the input's gradient by make(first row, rows, where to), and adds it to the others' gradient or vice versa.
template <class T, class Make>
void input_gradient(const NormGradients& to, std::int64_t first, std::int64_t rows, std::int64_t channels, float* room,
                    Make&& make) {
    T* input = static_cast<T*>(to.input);
    if (to.others == nullptr) {
        make(first, rows, input + first * channels);
        return;
    }
    for (std::int64_t done = 0; done < rows; done += rows_beside_others) {
        const std::int64_t row = first + done, count = std::min(rows_beside_others, rows - done), place = row * to.others_stride;
        if (to.is_in_place()) {
            T* made = reinterpret_cast<T*>(room);
            make(row, count, made);
            kernels::rows<T>().add(made, channels, count, channels, input + place, to.others_stride);
        } else {
            T* made = input + row * channels;
            make(row, count, made);
            kernels::rows<T>().add(static_cast<const T*>(to.others) + place, to.others_stride, count, channels, made, channels);
        }
    }
}

}  // namespace freeze
