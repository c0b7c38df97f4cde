# Manual pages and completions, written by the command itself while building.
# SPDX-License-Identifier: MIT
option(PAIRMILL_MANUAL "Generate and install manual pages and completions" ON)
if(NOT PAIRMILL_MANUAL)
    return()
endif()

# One page for the command and one for each of its commands: a command is a file cmd_NAME.c.
set(pages pairmill.1)
file(GLOB command_files CONFIGURE_DEPENDS cli/cmd_*.c)
foreach(file IN LISTS command_files)
    cmake_path(GET file STEM name)
    string(REGEX REPLACE "^cmd_" "" name ${name})
    string(REPLACE "_" "-" name ${name})
    if(NOT name STREQUAL "man")
        list(APPEND pages pairmill-${name}.1)
    endif()
endforeach()

# Runs the command with ARGN and keeps what it prints; a failure leaves no file.
function(write_output output)
    list(JOIN ARGN " " arguments)
    add_custom_command(OUTPUT ${output}
        COMMAND sh -c "\"$1\" ${arguments} >\"$2.new\" && mv \"$2.new\" \"$2\"" sh
            $<TARGET_FILE:pairmill_command> ${output}
        DEPENDS pairmill_command
        VERBATIM)
endfunction()

set(manual_dir ${CMAKE_CURRENT_BINARY_DIR}/share)
file(MAKE_DIRECTORY ${manual_dir}/man1 ${manual_dir}/bash ${manual_dir}/zsh ${manual_dir}/fish)
set(manual_files "")
foreach(page IN LISTS pages)
    string(REGEX REPLACE "^pairmill-?(.*)\\.1$" "\\1" name ${page})
    write_output(${manual_dir}/man1/${page} man ${name})
    list(APPEND manual_files ${manual_dir}/man1/${page})
endforeach()

foreach(row bash:bash/pairmill:bash-completion/completions
            zsh:zsh/_pairmill:zsh/site-functions
            fish:fish/pairmill.fish:fish/vendor_completions.d)
    string(REPLACE ":" ";" row ${row})
    list(GET row 0 shell)
    list(GET row 1 file)
    list(GET row 2 folder)
    write_output(${manual_dir}/${file} completions ${shell})
    list(APPEND manual_files ${manual_dir}/${file})
    install(FILES ${manual_dir}/${file} DESTINATION ${CMAKE_INSTALL_DATADIR}/${folder})
endforeach()

add_custom_target(manual ALL DEPENDS ${manual_files})
install(DIRECTORY ${manual_dir}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR})
