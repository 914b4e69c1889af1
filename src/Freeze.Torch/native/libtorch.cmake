# The target `libtorch`: includes, definitions and libraries of the libtorch that is found. libtorch_standard: the C++ that its
# headers are written in.
#
# A libtorch's own package file asks for the whole CUDA toolkit where it was built for GPUs, and a pip-installed PyTorch has
# none beside it: such a libtorch is linked as it lies. Of CUDA's headers graph.cpp alone has use, and does without; pip brings
# those of the runtime with PyTorch.
unset(libtorch_root CACHE)
unset(ATen_header CACHE)
find_path(libtorch_root NAMES share/cmake/Torch/TorchConfig.cmake
    HINTS ${CMAKE_PREFIX_PATH} ENV CMAKE_PREFIX_PATH PATH_SUFFIXES ../..)

add_library(libtorch INTERFACE)
if(libtorch_root AND EXISTS ${libtorch_root}/lib/libtorch_cuda.so)
    get_filename_component(libtorch_root ${libtorch_root} ABSOLUTE)
    message(STATUS "libtorch for CUDA in ${libtorch_root}")
    # Which of the two layouts of std::string it was compiled with; the newer one where it does not say.
    file(STRINGS ${libtorch_root}/share/cmake/Torch/TorchConfig.cmake abi REGEX "_GLIBCXX_USE_CXX11_ABI=[01]")
    if(abi MATCHES "_GLIBCXX_USE_CXX11_ABI=([01])")
        target_compile_definitions(libtorch INTERFACE _GLIBCXX_USE_CXX11_ABI=${CMAKE_MATCH_1})
    endif()
    set(headers ${libtorch_root}/include)
    target_include_directories(libtorch SYSTEM INTERFACE
        ${libtorch_root}/include ${libtorch_root}/include/torch/csrc/api/include)
    # Nothing calls the library for CUDA by name: it makes itself known when it is loaded.
    target_link_libraries(libtorch INTERFACE
        "-Wl,--no-as-needed" ${libtorch_root}/lib/libtorch.so ${libtorch_root}/lib/libtorch_cpu.so
        ${libtorch_root}/lib/libtorch_cuda.so ${libtorch_root}/lib/libc10.so ${libtorch_root}/lib/libc10_cuda.so
        "-Wl,--as-needed" "-Wl,-rpath,${libtorch_root}/lib")
else()
    find_package(Torch 1.13 REQUIRED)
    set(headers ${TORCH_INCLUDE_DIRS})
    # The flags have the layout of std::string in them, where it matters.
    separate_arguments(flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
    target_compile_options(libtorch INTERFACE ${flags})
    target_link_libraries(libtorch INTERFACE ${TORCH_LIBRARIES})
endif()

# The headers say which C++ they refuse to go below: 1.13 and 2.6 are content with 17, 2.14 is not.
set(libtorch_standard 17)
find_file(ATen_header ATen/ATen.h PATHS ${headers} NO_DEFAULT_PATH REQUIRED)
file(STRINGS ${ATen_header} wanted REGEX "C\\+\\+20 or later")
if(wanted)
    set(libtorch_standard 20)
endif()

# What graph.cpp needs is found out by compiling it: headers of CUDA's runtime, of which pip keeps a part with the compiler's or
# with Triton's, and a libtorch that can clear up behind a recording that fails (2.6 can).
if(EXISTS ${libtorch_root}/lib/libtorch_cuda.so)
    get_filename_component(packages ${libtorch_root} DIRECTORY)
    set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
    set(records FALSE)
    foreach(place $ENV{CUDA_HOME}/include $ENV{CUDA_PATH}/include ${packages}/nvidia/cuda_runtime/include
            ${packages}/nvidia/cu13/include /usr/local/cuda/include)
        if(NOT records AND EXISTS ${place}/cuda_runtime_api.h)
            unset(cuda_crt CACHE)
            find_path(cuda_crt crt/host_defines.h NO_DEFAULT_PATH PATHS ${place} ${packages}/nvidia/cuda_nvcc/include
                ${packages}/nvidia/cu13/include ${packages}/triton/backends/nvidia/include)
            set(cuda_headers ${place})
            if(cuda_crt AND NOT cuda_crt STREQUAL place)
                list(APPEND cuda_headers ${cuda_crt})
            endif()
            unset(records CACHE)
            try_compile(records ${CMAKE_CURRENT_BINARY_DIR}/recording ${CMAKE_CURRENT_SOURCE_DIR}/graph.cpp
                COMPILE_DEFINITIONS -DFREEZE_CUDA_HEADERS
                CMAKE_FLAGS "-DINCLUDE_DIRECTORIES=${headers};${headers}/torch/csrc/api/include;${cuda_headers}"
                CXX_STANDARD ${libtorch_standard} CXX_STANDARD_REQUIRED ON OUTPUT_VARIABLE why_not)
            if(records)
                message(STATUS "CUDA's headers in ${cuda_headers}: steps can be recorded")
                target_include_directories(libtorch SYSTEM INTERFACE ${cuda_headers})
                target_compile_definitions(libtorch INTERFACE FREEZE_CUDA_HEADERS)
            else()
                message(STATUS "CUDA's headers in ${cuda_headers} do not do:\n${why_not}")
            endif()
        endif()
    endforeach()
    if(NOT records)
        message(STATUS "No headers of CUDA's runtime that do: steps cannot be recorded (CUDA_HOME names a toolkit)")
    endif()
    unset(CMAKE_TRY_COMPILE_TARGET_TYPE)
endif()
