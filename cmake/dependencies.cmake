# System libraries. Each one that pairmill can work without has an option.
# SPDX-License-Identifier: MIT
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

# A wheel must not need libraries that a machine may lack.
option(PAIRMILL_STATIC_DEPENDENCIES "Link static libraries where there are any" OFF)
if(PAIRMILL_STATIC_DEPENDENCIES)
    list(PREPEND CMAKE_FIND_LIBRARY_SUFFIXES .a)
endif()

pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
set(pairmill_dependencies PkgConfig::JANSSON)
set(pairmill_pkgconfig_modules jansson)
set(pairmill_features "")

# The option defaults to whether the library is found; on without the library is an error.
macro(pairmill_optional name module purpose)
    pkg_check_modules(${name} QUIET IMPORTED_TARGET ${module})
    option(PAIRMILL_WITH_${name} "${purpose}" ${${name}_FOUND})
    if(PAIRMILL_WITH_${name})
        if(NOT ${name}_FOUND)
            message(FATAL_ERROR "PAIRMILL_WITH_${name} is on, but ${module} was not found")
        endif()
        list(APPEND pairmill_dependencies PkgConfig::${name})
        list(APPEND pairmill_pkgconfig_modules ${module})
        list(APPEND pairmill_features PMILL_HAVE_${name}=1)
    else()
        list(APPEND pairmill_features PMILL_HAVE_${name}=0)
    endif()
endmacro()

pairmill_optional(PCRE2 libpcre2-8 "Support your own regular expressions as patterns")
pairmill_optional(ZSTD libzstd "Support zstd input, and compressed count files")
pairmill_optional(ZLIB zlib "Support gzip input")
