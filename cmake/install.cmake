# Installs header, libraries, command, CMake package and pkg-config file.
# SPDX-License-Identifier: MIT
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/pairmill)

install(FILES include/pairmill.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS pairmill_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS pairmill EXPORT pairmill_shared
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS pairmill_static EXPORT pairmill_static
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})

# Two exports: linking the shared library doesn't need the development files of its dependencies.
install(EXPORT pairmill_shared NAMESPACE pairmill:: DESTINATION ${package_dir}
    FILE pairmillTargets.cmake)
install(EXPORT pairmill_static NAMESPACE pairmill:: DESTINATION ${package_dir}
    FILE pairmillStaticTargets.cmake)

set(static_modules "")
foreach(module IN LISTS pairmill_pkgconfig_modules)
    string(REGEX REPLACE "^lib|-8$" "" name ${module})
    string(TOUPPER ${name} name)
    list(APPEND static_modules "${name}=${module}")
endforeach()
configure_package_config_file(cmake/pairmillConfig.cmake.in
    ${CMAKE_CURRENT_BINARY_DIR}/package/pairmillConfig.cmake
    INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(
    ${CMAKE_CURRENT_BINARY_DIR}/package/pairmillConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES
    ${CMAKE_CURRENT_BINARY_DIR}/package/pairmillConfig.cmake
    ${CMAKE_CURRENT_BINARY_DIR}/package/pairmillConfigVersion.cmake
    DESTINATION ${package_dir})

# Folders for pkg-config: relative to the prefix, unless given as absolute paths.
foreach(kind LIBDIR INCLUDEDIR)
    if(IS_ABSOLUTE "${CMAKE_INSTALL_${kind}}")
        set(pkgconfig_${kind} "${CMAKE_INSTALL_${kind}}")
    else()
        set(pkgconfig_${kind} "\${prefix}/${CMAKE_INSTALL_${kind}}")
    endif()
endforeach()
list(JOIN pairmill_pkgconfig_modules " " pkgconfig_requires)
# @ONLY leaves ${prefix} alone. `cmake --install --prefix` may change the prefix, so the file is
# written during installation.
configure_file(cmake/pairmill.pc.in ${CMAKE_CURRENT_BINARY_DIR}/package/pairmill.pc.in @ONLY)
install(CODE "
    set(prefix \"\${CMAKE_INSTALL_PREFIX}\")
    file(READ \"${CMAKE_CURRENT_BINARY_DIR}/package/pairmill.pc.in\" text)
    string(REPLACE \"%PREFIX%\" \"\${prefix}\" text \"\${text}\")
    file(WRITE \"${CMAKE_CURRENT_BINARY_DIR}/package/pairmill.pc\" \"\${text}\")")
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/package/pairmill.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
