# Compiler options of the whole tree. Portable baseline x86-64-v2; hot loops are compiled again for
# v3 and v4 in their own source files (see cl_simd_sources) and chosen at run time.
set(CL_SANITIZE "" CACHE STRING "Sanitizers of the whole build, e.g. address,undefined or thread")
# Most of the time of a small source goes into the headers. "tests": those of a test program are compiled
# together, "all": those of a library too (then includes are proved by the other builds), "": none.
set(CL_UNITY "" CACHE STRING "Sources compiled together: tests, all or nothing")
option(CL_FUZZ "Build the fuzz targets with libFuzzer (Clang only)" OFF)
option(CL_BENCH "Build the benchmarks" ON)

add_compile_options(
  -Wall -Wextra -Werror -Wno-unused-parameter -Wno-missing-field-initializers -Wnon-virtual-dtor -Wimplicit-fallthrough
  -ffp-contract=off -fno-math-errno)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  add_compile_options(-march=x86-64-v2)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(-Wthread-safety)
else()
  # GCC 12 reports these inside Abseil and libstdc++ templates at -O2, without a defect behind them.
  add_compile_options(-Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-restrict -Wno-array-bounds
    -Wno-stringop-overread -Wno-dangling-pointer)
endif()

if(CL_SANITIZE)
  add_compile_options(-fsanitize=${CL_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${CL_SANITIZE})
  if(CL_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()
if(CL_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(CL_MOLD mold)
if(CL_MOLD AND NOT CL_SANITIZE)
  add_link_options(-fuse-ld=mold)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_link_options(-fuse-ld=lld-14)
endif()
find_program(CL_CCACHE ccache)
if(CL_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CL_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CL_CCACHE})
endif()
