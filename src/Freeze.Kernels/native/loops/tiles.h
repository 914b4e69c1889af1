// The tile transforms of Winograd's algorithm for kernels of 3x3 and 5x5: the values of a polynomial product at 0, infinity and
// pairs of points +a and -a (Toom and Cook).
#pragma once

#include "lanes.h"

namespace freeze::kernels::FREEZE_SET {
namespace {

// F(4x4, 3x3): a quarter of the multiplications; rounding grows to about 2e-6 of a value.
struct Four {
    static constexpr int side = 4, kernel = 3, pairs = 2;
    static constexpr double at[pairs] = {1, 2};
};

// F(8x8, 3x3): a sixth of the multiplications; rounding grows to about 6e-5, below bfloat16's own.
struct Eight {
    static constexpr int side = 8, kernel = 3, pairs = 4;
    static constexpr double at[pairs] = {1, 2, 1 / 2., 3 / 4.};
};

// F(4x4, 5x5): 0.16 of the multiplications; rounding grows to about 4e-6.
struct FourOfFive {
    static constexpr int side = 4, kernel = 5, pairs = 3;
    static constexpr double at[pairs] = {1, 2, 1 / 2.};
};

// The transforms of a line. Its points have the order 0, +a, -a, +b, -b, ..., infinity.
template <class Tile>
struct Line {
    static constexpr int side = Tile::side, kernel = Tile::kernel, pairs = Tile::pairs, size = side + kernel - 1;
    static constexpr int powers = side > kernel ? side : kernel;
    static_assert(size == 2 * pairs + 2);

    struct Numbers {
        // Powers of the points.
        float power[pairs][powers];
        // Coefficients of powers of x^2: of the product of x^2 - a^2 over all pairs, and over all but one.
        float all[pairs + 1], others[pairs][pairs];
        // One over the product of a point's distances to the others.
        float at_zero, weight[pairs];
    };

    static constexpr Numbers numbers = [] {
        Numbers made{};
        double product[pairs + 1] = {1};
        for (int k = 0; k < pairs; k++) {
            const double square = Tile::at[k] * Tile::at[k];
            for (int j = k + 1; j > 0; j--) {
                product[j] = product[j - 1] - square * product[j];
            }
            product[0] *= -square;
            double power = 1;
            for (int i = 0; i < powers; i++, power *= Tile::at[k]) {
                made.power[k][i] = static_cast<float>(power);
            }
        }
        for (int k = 0; k < pairs; k++) {
            // The product divided by one of its factors.
            const double square = Tile::at[k] * Tile::at[k];
            double rest[pairs] = {}, value = 0;
            for (int j = pairs - 1; j >= 0; j--) {
                rest[j] = product[j + 1] + (j + 1 < pairs ? square * rest[j + 1] : 0);
            }
            for (int j = pairs - 1; j >= 0; j--) {
                made.others[k][j] = static_cast<float>(rest[j]);
                value = value * square + rest[j];
            }
            made.weight[k] = static_cast<float>(1 / (2 * square * value));
        }
        for (int j = 0; j <= pairs; j++) {
            made.all[j] = static_cast<float>(product[j]);
        }
        made.at_zero = static_cast<float>(1 / product[0]);
        return made;
    }();

    static void of_input(const Lane* d, Lane* v) {
        Lane zero = d[0] * numbers.all[0], infinity = d[1] * numbers.all[0];
#pragma GCC unroll 8
        for (int j = 1; j <= pairs; j++) {
            zero += numbers.all[j] * d[2 * j];
            infinity += numbers.all[j] * d[2 * j + 1];
        }
        v[0] = zero, v[size - 1] = infinity;
#pragma GCC unroll 8
        for (int k = 0; k < pairs; k++) {
            Lane even = numbers.others[k][0] * d[2], odd = numbers.others[k][0] * d[1];
#pragma GCC unroll 8
            for (int j = 1; j < pairs; j++) {
                even += numbers.others[k][j] * d[2 * j + 2];
                odd += numbers.others[k][j] * d[2 * j + 1];
            }
            v[2 * k + 1] = even + numbers.power[k][1] * odd, v[2 * k + 2] = even - numbers.power[k][1] * odd;
        }
    }

    static void of_kernel(const Lane* w, Lane* u) {
        u[0] = w[0] * numbers.at_zero, u[size - 1] = w[kernel - 1];
#pragma GCC unroll 8
        for (int k = 0; k < pairs; k++) {
            Lane even = w[0] + numbers.power[k][2] * w[2], odd = numbers.power[k][1] * w[1];
#pragma GCC unroll 8
            for (int i = 3; i < kernel; i += 2) {
                odd += numbers.power[k][i] * w[i], even += numbers.power[k][i + 1] * w[i + 1];
            }
            u[2 * k + 1] = (even + odd) * numbers.weight[k], u[2 * k + 2] = (even - odd) * numbers.weight[k];
        }
    }

    static void of_output(const Lane* m, Lane* y) {
        Lane sum[pairs], difference[pairs];
#pragma GCC unroll 8
        for (int k = 0; k < pairs; k++) {
            sum[k] = m[2 * k + 1] + m[2 * k + 2], difference[k] = m[2 * k + 1] - m[2 * k + 2];
        }
#pragma GCC unroll 8
        for (int i = 0; i < side; i++) {
            Lane made = i == 0 ? m[0] : i == side - 1 ? m[size - 1] : Lane{};
#pragma GCC unroll 8
            for (int k = 0; k < pairs; k++) {
                made += numbers.power[k][i] * (i % 2 == 0 ? sum[k] : difference[k]);
            }
            y[i] = made;
        }
    }

    // The transpose of of_output, for gradients.
    static void of_gradient(const Lane* y, Lane* m) {
        const Lane first = y[0], last = y[side - 1];
        Lane even[pairs], odd[pairs];
#pragma GCC unroll 8
        for (int k = 0; k < pairs; k++) {
            even[k] = y[0], odd[k] = numbers.power[k][1] * y[1];
#pragma GCC unroll 8
            for (int i = 2; i < side; i += 2) {
                even[k] += numbers.power[k][i] * y[i], odd[k] += numbers.power[k][i + 1] * y[i + 1];
            }
        }
        m[0] = first, m[size - 1] = last;
#pragma GCC unroll 8
        for (int k = 0; k < pairs; k++) {
            m[2 * k + 1] = even[k] + odd[k], m[2 * k + 2] = even[k] - odd[k];
        }
    }

    // The transpose of of_kernel, for gradients.
    static void to_kernel(const Lane* u, Lane* w) {
#pragma GCC unroll 8
        for (int i = 0; i < kernel; i++) {
            w[i] = i == 0 ? u[0] * numbers.at_zero : i == kernel - 1 ? u[size - 1] : Lane{};
        }
#pragma GCC unroll 8
        for (int k = 0; k < pairs; k++) {
            const Lane sum = (u[2 * k + 1] + u[2 * k + 2]) * numbers.weight[k];
            const Lane difference = (u[2 * k + 1] - u[2 * k + 2]) * numbers.weight[k];
#pragma GCC unroll 8
            for (int i = 0; i < kernel; i++) {
                w[i] += numbers.power[k][i] * (i % 2 == 0 ? sum : difference);
            }
        }
    }
};

// Applies a line transform to the columns, then to the rows, of a square; `in` returns its entries and `out` takes the results.
template <int from, int to, class In, class Out, class Transform>
inline void square(In&& in, Out&& out, Transform&& transform) {
    Lane half[to][from];
    for (int j = 0; j < from; j++) {
        Lane column[from], made[to];
        for (int i = 0; i < from; i++) {
            column[i] = in(i, j);
        }
        transform(column, made);
        for (int i = 0; i < to; i++) {
            half[i][j] = made[i];
        }
    }
    for (int i = 0; i < to; i++) {
        Lane made[to];
        transform(half[i], made);
        for (int j = 0; j < to; j++) {
            out(i, j, made[j]);
        }
    }
}

}  // namespace
}  // namespace freeze::kernels::FREEZE_SET
