// Memory that a step gives back is what the next step asks for. The C library would hand large blocks to the system and
// fetch them anew, cleared page by page: more than a quarter of a step of DenseNet. So they are kept.
#include <malloc.h>

namespace {

__attribute__((constructor)) void keep_memory() {
#ifdef __GLIBC__
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, -1);
    // Grown by as much at a time, in bytes.
    mallopt(M_TOP_PAD, 64 << 20);
#endif
}

}  // namespace
