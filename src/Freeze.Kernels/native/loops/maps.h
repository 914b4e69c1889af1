// The loops' view of images.
#pragma once

#include <cstdint>

namespace freeze::kernels {

// A batch of images in the order [images, height, width, channels]; pixels may have more channels in memory than are read.
struct Maps {
    std::int64_t images, height, width, channels;
    // The distance between pixels, in numbers.
    std::int64_t stride;
};

}  // namespace freeze::kernels
