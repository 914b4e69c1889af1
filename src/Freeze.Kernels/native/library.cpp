// Describes the library; read once, after it is loaded.
#include "api.h"

#include "loops/rows.h"

// Raise this with every change of a function's arguments or a struct: Native.cs names the interface that it expects.
FREEZE_API int freeze_kernels_interface() { return 7; }

// The version of the kernels' numerical results.
FREEZE_API int freeze_kernels_version() { return freeze::version; }

// The instruction set of the loops in use, such as "avx512".
FREEZE_API const char* freeze_kernels_instructions() { return freeze::kernels::instructions(); }
