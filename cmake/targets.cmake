# oriel_library(NAME dir/file.c... [DEPS target...]): a static library whose
# public headers are in the <folder>/include of the folder above it.
function(oriel_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPS")
    add_library(${name} STATIC ${arg_UNPARSED_ARGUMENTS})
    target_link_libraries(${name} PUBLIC ${arg_DEPS})
endfunction()

# oriel_program(NAME file.c... [DEPS target...]): an installed program.
function(oriel_program name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPS")
    add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
    target_link_libraries(${name} PRIVATE ${arg_DEPS})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endfunction()

# oriel_test(NAME file.c... [DEPS target...]): a cmocka program run by ctest.
function(oriel_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPS")
    add_executable(test-${name} ${arg_UNPARSED_ARGUMENTS})
    target_link_libraries(test-${name} PRIVATE ${arg_DEPS} PkgConfig::CMOCKA)
    add_test(NAME ${name} COMMAND test-${name})
    set_tests_properties(${name} PROPERTIES TIMEOUT 600)
endfunction()

# oriel_fuzz(NAME file.c [DEPS target...]): a libFuzzer program with the fuzz
# preset; elsewhere nothing. tests/fuzz/run runs them all for a bounded time.
function(oriel_fuzz name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPS")
    if(ORIEL_FUZZ)
        add_executable(fuzz-${name} ${arg_UNPARSED_ARGUMENTS})
        target_link_libraries(fuzz-${name} PRIVATE ${arg_DEPS} -fsanitize=fuzzer)
        set_target_properties(fuzz-${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
    endif()
endfunction()
