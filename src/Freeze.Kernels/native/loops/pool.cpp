// Compiled once for each instruction set, as rows.cpp is.
#include "pool.h"

#include "lanes.h"

namespace freeze::kernels::FREEZE_SET {
namespace {

typedef std::int32_t Counts __attribute__((vector_size(64)));
typedef Place Places __attribute__((vector_size(16)));
typedef Place LoosePlaces __attribute__((vector_size(16), aligned(1)));

// Calls body(first channel, channels) for lanes. With many channels the last lane starts early: the overlap is computed twice,
// with equal results.
template <class Body>
void lanes_of(std::int64_t channels, Body&& body) {
    for (std::int64_t c = 0; c < channels; c += lane) {
        const std::int64_t first = channels - c < lane && channels > lane ? channels - lane : c;
        body(first, channels - first);
    }
}

void store_places(Place* to, Counts places, std::int64_t count) {
    const Places few = __builtin_convertvector(places, Places);
    if (count >= lane) {
        *reinterpret_cast<LoosePlaces*>(to) = few;
        return;
    }
    for (std::int64_t i = 0; i < count; i++) {
        to[i] = few[i];
    }
}

Counts load_places(const Place* from, std::int64_t count) {
    if (count >= lane) {
        return __builtin_convertvector(static_cast<Places>(*reinterpret_cast<const LoosePlaces*>(from)), Counts);
    }
    Counts places = {};
    for (std::int64_t i = 0; i < count; i++) {
        places[i] = from[i];
    }
    return places;
}

// The first pixel of a window, where `row` counts the output rows of all images.
std::int64_t corner(const Windows& by, std::int64_t row, std::int64_t x) {
    return ((row / by.down() * by.height + row % by.down() * by.size) * by.width + x * by.size) * by.channels;
}

template <class T>
void greatest(const Windows& by, const T* in, std::int64_t first_row, std::int64_t rows, bool relu, T* out,
              Place* places) {
    for (std::int64_t row = first_row; row < first_row + rows; row++) {
        for (std::int64_t x = 0; x < by.across(); x++) {
            const T* from = in + corner(by, row, x);
            const std::int64_t to = (row * by.across() + x) * by.channels;
            lanes_of(by.channels, [&](std::int64_t c, std::int64_t count) {
                Lane most = load(from + c, count);
                Counts place = {};
                for (std::int64_t k = 1; k < by.size * by.size; k++) {
                    const Lane value = load(from + (k / by.size * by.width + k % by.size) * by.channels + c, count);
                    // NaN counts as the greatest, as in libtorch.
                    const Counts higher = (value > most) | (value != value);
                    most = higher ? value : most;
                    place = higher ? Counts{} + static_cast<std::int32_t>(k) : place;
                }
                if (relu) {
                    const Counts low = most <= 0;
                    most = low ? Lane{} : most;
                    place = low ? Counts{} + cut : place;
                }
                store(out + to + c, most, count);
                store_places(places + to + c, place, count);
            });
        }
    }
}

template <class T>
void spread(const Windows& by, const T* gradient, const Place* places, std::int64_t first_row, std::int64_t rows,
            T* to_in) {
    const std::int64_t over = (by.width - by.across() * by.size) * by.channels;
    for (std::int64_t row = first_row; row < first_row + rows; row++) {
        for (std::int64_t x = 0; x < by.across(); x++) {
            T* to = to_in + corner(by, row, x);
            const std::int64_t from = (row * by.across() + x) * by.channels;
            lanes_of(by.channels, [&](std::int64_t c, std::int64_t count) {
                const Lane value = load(gradient + from + c, count);
                const Counts place = load_places(places + from + c, count);
                for (std::int64_t k = 0; k < by.size * by.size; k++) {
                    store(to + (k / by.size * by.width + k % by.size) * by.channels + c,
                          place == static_cast<std::int32_t>(k) ? value : Lane{}, count);
                }
            });
        }
        for (std::int64_t line = 0; line < by.size; line++) {
            T* to = to_in + corner(by, row, by.across()) + line * by.width * by.channels;
            for (std::int64_t i = 0; i < over; i++) {
                to[i] = 0;
            }
        }
    }
}

}  // namespace

extern const Pool<float> pool_of_float = {greatest<float>, spread<float>};
extern const Pool<std::uint16_t> pool_of_bfloat16 = {greatest<std::uint16_t>, spread<std::uint16_t>};

}  // namespace freeze::kernels::FREEZE_SET
