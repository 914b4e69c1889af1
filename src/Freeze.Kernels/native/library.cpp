// What the library is: asked for once, where it is loaded.
#include "api.h"

#include "loops/rows.h"

// The version of the kernels' numbers.
FREEZE_API int freeze_kernels_version() { return freeze::version; }

// The name of the instruction set whose loops run here, such as "avx512".
FREEZE_API const char* freeze_kernels_instructions() { return freeze::kernels::instructions(); }
