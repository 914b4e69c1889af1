// What a convolution that reads a batch norm needs of it: see norm.cpp.
#pragma once

#include "api.h"
#include "loops/rows.h"
#include "parallel.h"

namespace freeze {

// What a batch is normalised by: four numbers for each channel, one array behind the other, so that
// y = x scale + shift with scale = weight inverse and shift = bias - mean scale.
template <class N>
struct Normaliser {
    const N *mean, *inverse, *scale, *shift;

    Normaliser(const void* data, std::int64_t channels)
        : mean(static_cast<const N*>(data)),
          inverse(mean + channels),
          scale(inverse + channels),
          shift(scale + channels) {}
};

// Where gradients go; null for those that are not requested. `training`: the statistics are the batch's own, so gradients flow
// through them. `others`: the gradient that the input's other readers have, to be added to the norm's; its rows lie
// `others_stride` apart, so it may be some channels of a larger map. Null where there are none.
struct NormGradients {
    void *input, *weight, *bias;
    int training, relu;
    const void* others;
    std::int64_t others_stride;

    bool wants_weights() const { return weight != nullptr || bias != nullptr; }
    bool wants_sums() const { return wants_weights() || (input != nullptr && training != 0); }
};

// The gradients of weight and bias, from the sums of g and of g (x - mean) over all rows.
template <class N>
void weight_gradients(const Sums& sums, std::int64_t channels, const Normaliser<N>& by, const NormGradients& to) {
    for (std::int64_t c = 0; c < channels; c++) {
        if (to.weight != nullptr) {
            static_cast<N*>(to.weight)[c] = static_cast<N>(sums.second[c] * by.inverse[c]);
        }
        if (to.bias != nullptr) {
            static_cast<N*>(to.bias)[c] = static_cast<N>(sums.first[c]);
        }
    }
}

// b and c of g scale + x b + c, which is the gradient of the input. Running statistics are constants: both are 0 then.
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

// Makes the gradient of the input by make(first row, rows), and adds the others' few rows at a time, which are then still in the
// cache.
template <class T, class Make>
void input_gradient(const NormGradients& to, std::int64_t first, std::int64_t rows, std::int64_t channels, Make&& make) {
    const std::int64_t few = to.others == nullptr ? rows : 96;
    for (std::int64_t done = 0; done < rows; done += few) {
        const std::int64_t row = first + done, count = std::min(few, rows - done);
        make(row, count);
        if (to.others != nullptr) {
            kernels::rows<T>().add(static_cast<const T*>(to.others) + row * to.others_stride, to.others_stride, count, channels,
                                   static_cast<T*>(to.input) + row * channels);
        }
    }
}

}  // namespace freeze
