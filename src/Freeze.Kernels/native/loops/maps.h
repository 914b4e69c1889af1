// Images as the loops over them see them.
#pragma once

#include <cstdint>

namespace freeze::kernels {

// A batch of images that lie [images, height, width, channels]; a pixel may have more channels in memory than are read.
struct Maps {
    std::int64_t images, height, width, channels;
    // From one pixel to the next, in numbers.
    std::int64_t stride;
};

}  // namespace freeze::kernels
