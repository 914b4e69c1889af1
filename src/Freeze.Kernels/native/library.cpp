// What the library is: asked for once, where it is loaded.
#include "api.h"

#include "loops/rows.h"

// Raised with every change of a function's arguments or a struct: Native.cs names the interface that it was written for.
FREEZE_API int freeze_kernels_interface() { return 6; }

// The version of the kernels' numbers.
FREEZE_API int freeze_kernels_version() { return freeze::version; }

// The name of the instruction set whose loops run here, such as "avx512".
FREEZE_API const char* freeze_kernels_instructions() { return freeze::kernels::instructions(); }
