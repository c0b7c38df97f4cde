# Reads the version from the public header, the only place that defines it.
# SPDX-License-Identifier: MIT
function(pairmill_read_version header result)
    set(version "")
    foreach(part MAJOR MINOR PATCH)
        file(STRINGS "${header}" line REGEX "^#define PMILL_VERSION_${part} ")
        if(NOT line MATCHES " ([0-9]+)$")
            message(FATAL_ERROR "${header}: no PMILL_VERSION_${part}")
        endif()
        list(APPEND version "${CMAKE_MATCH_1}")
    endforeach()
    list(JOIN version "." version)
    set(${result} "${version}" PARENT_SCOPE)
endfunction()
