// Compiled once for each instruction set, as rows.cpp is.
#include "pointwise.h"

#include <type_traits>

#include "lanes.h"

namespace freeze::kernels::FREEZE_SET {
namespace {

// Rows per pass: their values stay in the second-level cache.
constexpr std::int64_t rows_at_once = 96;

std::int64_t whole_rows(std::int64_t rows) { return (rows + 3) / 4 * 4; }

#ifdef FREEZE_PAIRS
template <class T>
using Kind = std::conditional_t<std::is_same_v<T, float>, Singles, Pairs>;
#else
template <class T>
using Kind = Singles;
#endif

// The number of values along the summed dimension that form one entry of a product's matrices.
template <class K>
constexpr std::int64_t entries(std::int64_t count) {
    return (count + K::numbers - 1) / K::numbers;
}

// The norm's output for some channels of a row; 0 for channels that do not exist.
template <class T>
Lane normal(const Pointing& by, const T* x, std::int64_t c) {
    const std::int64_t count = by.inputs - c;
    return relu(load(x + c, count) * load(by.scale + c, count) + load(by.shift + c, count));
}

// [rows, entries of channels] of value(row, channel), padded with rows of 0 to whole entries.
template <class K, class Value>
void fill_rows(std::int64_t rows, std::int64_t channels, float* to, Value&& value) {
    const std::int64_t width = whole_lanes(channels) / K::numbers;
    for (std::int64_t r = 0; r < whole_rows(rows); r++) {
        for (std::int64_t c = 0; c < channels; c += lane) {
            K::store(to + r * width + c / K::numbers, r < rows ? value(r, c) : Lane{});
        }
    }
}

// [entries of rows, channels in whole lanes].
template <class K, class Value>
void fill_columns(std::int64_t rows, std::int64_t channels, float* to, Value&& value) {
    const std::int64_t width = whole_lanes(channels);
    for (std::int64_t r = 0; r < rows; r += K::numbers) {
        for (std::int64_t c = 0; c < channels; c += lane) {
            store(to + r / K::numbers * width + c,
                  K::together(value(r, c), K::numbers > 1 && r + 1 < rows ? value(r + 1, c) : Lane{}));
        }
    }
}

// Panels of up to two lanes of `outer`: [panel][entries of inner][lanes], from the kernel's number at (outer, inner).
template <class K, class At>
void pack_panels(std::int64_t inner, std::int64_t outer, float* to, At&& at) {
    panels(whole_lanes(outer), [&](std::int64_t first, std::int64_t lanes) {
        float* panel = to + first * entries<K>(inner);
        for (std::int64_t i = 0; i < entries<K>(inner); i++) {
            for (std::int64_t l = 0; l < lanes; l++) {
                Lane values[2] = {};
                for (int n = 0; n < K::numbers && i * K::numbers + n < inner; n++) {
                    for (std::int64_t k = 0; k < lane && first + l * lane + k < outer; k++) {
                        values[n][k] = at(first + l * lane + k, i * K::numbers + n);
                    }
                }
                store(panel + (i * lanes + l) * lane, K::together(values[0], values[1]));
            }
        }
    });
}

// out [rows, outer in whole lanes] = a [rows, entries of inner] times packed panels.
template <class K>
void multiply(const float* a, std::int64_t rows, std::int64_t inner, std::int64_t outer, const float* packed, float* out) {
    const std::int64_t wide = whole_lanes(outer), row = whole_lanes(inner) / K::numbers;
    panels(wide, [&](std::int64_t c, std::int64_t lanes) {
        product<K>(lanes, a, row, 1, packed + c * entries<K>(inner), lanes * lane, entries<K>(inner), whole_rows(rows),
                   out + c, wide, false);
    });
}

std::int64_t packed(std::int64_t inputs, std::int64_t outputs) { return whole_lanes(inputs) * whole_lanes(outputs); }

template <class T>
void pack(const float* kernel, std::int64_t inputs, std::int64_t outputs, float* to) {
    pack_panels<Kind<T>>(inputs, outputs, to,
                         [&](std::int64_t output, std::int64_t input) { return kernel[output * inputs + input]; });
}

template <class T>
void pack_back(const float* kernel, std::int64_t inputs, std::int64_t outputs, float* to) {
    pack_panels<Kind<T>>(outputs, inputs, to,
                         [&](std::int64_t input, std::int64_t output) { return kernel[output * inputs + input]; });
}

// Two matrices of rows, and two sums for each input.
std::int64_t buffer(std::int64_t inputs, std::int64_t outputs) {
    return rows_at_once * (whole_lanes(inputs) + whole_lanes(outputs)) + 2 * whole_lanes(inputs);
}

// Calls body(first row, rows) for each pass.
template <class Body>
void lots(std::int64_t rows, Body&& body) {
    for (std::int64_t r = 0; r < rows; r += rows_at_once) {
        body(r, rows - r < rows_at_once ? rows - r : rows_at_once);
    }
}

template <class T>
void convolve(const Pointing& by, const T* x, std::int64_t rows, const float* packed, const float* bias, T* out,
              float* buffer) {
    const std::int64_t wide = whole_lanes(by.outputs);
    float* made = buffer + rows_at_once * whole_lanes(by.inputs);
    lots(rows, [&](std::int64_t first, std::int64_t few) {
        fill_rows<Kind<T>>(few, by.inputs, buffer, [&](std::int64_t r, std::int64_t c) {
            return normal(by, x + (first + r) * by.stride, c);
        });
        multiply<Kind<T>>(buffer, few, by.inputs, by.outputs, packed, made);
        for (std::int64_t r = 0; r < few; r++) {
            for (std::int64_t c = 0; c < by.outputs; c += lane) {
                const std::int64_t count = by.outputs - c;
                const Lane plus = bias == nullptr ? Lane{} : load(bias + c, count);
                store(out + (first + r) * by.outputs + c, load(made + r * wide + c) + plus, count);
            }
        }
    });
}

std::int64_t sums(std::int64_t inputs, std::int64_t outputs) { return whole_lanes(inputs) * whole_lanes(outputs); }

template <class T>
void add_gradient(const Pointing& by, const T* x, const T* gradient, std::int64_t rows, float* sums, float* buffer) {
    const std::int64_t wide_in = whole_lanes(by.inputs), wide_out = whole_lanes(by.outputs);
    float* gradients = buffer + rows_at_once * wide_in;
    lots(rows, [&](std::int64_t first, std::int64_t few) {
        fill_columns<Kind<T>>(few, by.inputs, buffer, [&](std::int64_t r, std::int64_t c) {
            return normal(by, x + (first + r) * by.stride, c);
        });
        fill_columns<Kind<T>>(few, by.outputs, gradients, [&](std::int64_t r, std::int64_t c) {
            return load(gradient + (first + r) * by.outputs + c, by.outputs - c);
        });
        panels(wide_out, [&](std::int64_t c, std::int64_t lanes) {
            product<Kind<T>>(lanes, buffer, 1, wide_in, gradients + c, wide_out, entries<Kind<T>>(few), wide_in, sums + c,
                             wide_out, true);
        });
    });
}

void unpack(const float* sums, std::int64_t inputs, std::int64_t outputs, float* to) {
    for (std::int64_t c = 0; c < inputs; c++) {
        for (std::int64_t k = 0; k < outputs; k++) {
            to[k * inputs + c] = sums[c * whole_lanes(outputs) + k];
        }
    }
}

// Gradients of the norm's outputs, some rows at a time: body(first row, rows, [rows, inputs in whole lanes]).
template <class T, class Body>
void back(const Pointing& by, const T* gradient, const float* packed_back, std::int64_t rows, float* buffer, Body&& body) {
    float* made = buffer + rows_at_once * whole_lanes(by.outputs);
    lots(rows, [&](std::int64_t first, std::int64_t few) {
        fill_rows<Kind<T>>(few, by.outputs, buffer, [&](std::int64_t r, std::int64_t c) {
            return load(gradient + (first + r) * by.outputs + c, by.outputs - c);
        });
        multiply<Kind<T>>(buffer, few, by.outputs, by.inputs, packed_back, made);
        body(first, few, made);
    });
}

// The gradient of relu(x scale + shift): 0 where the relu gave 0.
inline Lane uncut(Lane gradient, Lane x, Lane scale, Lane shift) { return x * scale + shift <= 0 ? Lane{} : gradient; }

template <class T>
void gradient_moments(const Pointing& by, const T* gradient, const float* packed_back, const T* x, std::int64_t rows,
                      const float* mean, double* sums, double* products, float* buffer) {
    const std::int64_t wide = whole_lanes(by.inputs);
    float* s = buffer + rows_at_once * (wide + whole_lanes(by.outputs));
    float* q = s + wide;
    back(by, gradient, packed_back, rows, buffer, [&](std::int64_t first, std::int64_t few, const float* made) {
        for (std::int64_t r = 0; r < few; r++) {
            for (std::int64_t c = 0; c < by.inputs; c += lane) {
                const std::int64_t count = by.inputs - c;
                const Lane from = load(x + (first + r) * by.stride + c, count);
                const Lane g = uncut(load(made + r * wide + c), from, load(by.scale + c, count), load(by.shift + c, count));
                store(s + c, (r == 0 ? Lane{} : load(s + c)) + g);
                store(q + c, (r == 0 ? Lane{} : load(q + c)) + g * (from - load(mean + c, count)));
            }
        }
        for (std::int64_t c = 0; c < by.inputs; c++) {
            sums[c] += s[c];
            products[c] += q[c];
        }
    });
}

template <class T>
void gradient(const Pointing& by, const T* gradient, const float* packed_back, const T* x, std::int64_t rows,
              const float* b, const float* k, T* out, float* buffer) {
    const std::int64_t wide = whole_lanes(by.inputs);
    back(by, gradient, packed_back, rows, buffer, [&](std::int64_t first, std::int64_t few, const float* made) {
        for (std::int64_t r = 0; r < few; r++) {
            for (std::int64_t c = 0; c < by.inputs; c += lane) {
                const std::int64_t count = by.inputs - c;
                const Lane scale = load(by.scale + c, count), from = load(x + (first + r) * by.stride + c, count);
                const Lane g = uncut(load(made + r * wide + c), from, scale, load(by.shift + c, count));
                store(out + (first + r) * by.inputs + c, g * scale + (from * load(b + c, count) + load(k + c, count)), count);
            }
        }
    });
}

template <class T>
constexpr Pointwise<T> table = {packed, pack<T>, pack_back<T>,       buffer,     convolve<T>, sums, add_gradient<T>,
                                unpack, gradient_moments<T>, gradient<T>};

}  // namespace

extern const Pointwise<float> pointwise_of_float = table<float>;
extern const Pointwise<std::uint16_t> pointwise_of_bfloat16 = table<std::uint16_t>;

}  // namespace freeze::kernels::FREEZE_SET
