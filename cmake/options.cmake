# Build options: type, warnings, sanitizers.
# SPDX-License-Identifier: MIT
option(PAIRMILL_WERROR "Treat warnings as errors" OFF)
option(PAIRMILL_BUILD_TESTS "Build the tests (needs cmocka)" OFF)
option(PAIRMILL_SHARED "Build the shared library by default (off: only on request)" ON)
option(PAIRMILL_FUZZ "Build fuzzers with libFuzzer (needs clang)" OFF)
set(PAIRMILL_SANITIZE "" CACHE STRING "Sanitizers, such as address,undefined")

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Kind of build" FORCE)
endif()

set(pairmill_warnings -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wvla -Wundef)
if(PAIRMILL_WERROR)
    list(APPEND pairmill_warnings -Werror)
endif()

if(PAIRMILL_FUZZ AND NOT CMAKE_C_COMPILER_ID MATCHES Clang)
    message(FATAL_ERROR "PAIRMILL_FUZZ needs clang: configure with -DCMAKE_C_COMPILER=clang")
endif()
if(PAIRMILL_SANITIZE)
    set(sanitizers -fsanitize=${PAIRMILL_SANITIZE} -fno-sanitize-recover=all)
    add_compile_options(${sanitizers} -fno-omit-frame-pointer)
    add_link_options(${sanitizers})
    # Instrumentation often hides from gcc that a variable was set: a false warning.
    list(APPEND pairmill_warnings $<$<C_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endif()
