# One Check program for each tests/<room>/test_*.c; tests/support/ has what they share.
pkg_check_modules(CHECK REQUIRED IMPORTED_TARGET check)
file(GLOB support_sources CONFIGURE_DEPENDS tests/support/*.c)
file(GLOB test_sources CONFIGURE_DEPENDS tests/*/test_*.c)
foreach(source ${test_sources})
  get_filename_component(name ${source} NAME_WE)
  get_filename_component(room ${source} DIRECTORY)
  get_filename_component(room ${room} NAME)
  set(target ${room}_${name})
  add_executable(${target} ${source} ${support_sources})
  target_link_libraries(${target} PRIVATE PkgConfig::CHECK PkgConfig::JANSSON PkgConfig::PNG PkgConfig::YAML)
  target_link_libraries(${target} PRIVATE vitx_harness)
  add_test(NAME ${room}/${name} COMMAND ${target} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  # One BLAS thread, as in a run: several wait for each other on a machine that is busy with other tests.
  # A test program prints a line "SKIPPED: …" for what it could not try; ctest shows a program that tried
  # nothing at all (exit status 77) as skipped.
  set_tests_properties(${room}/${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 1800
    ENVIRONMENT "VITX_PROGRAM=${PROJECT_BINARY_DIR}/vitx;VITX_BUILD=${PROJECT_BINARY_DIR};CK_DEFAULT_TIMEOUT=600;OPENBLAS_NUM_THREADS=1")
endforeach()

# Shell tests: tests/<room>/*.sh, run with the build folder in the environment.
file(GLOB shell_tests CONFIGURE_DEPENDS tests/*/*.sh)
foreach(source ${shell_tests})
  get_filename_component(name ${source} NAME_WE)
  get_filename_component(room ${source} DIRECTORY)
  get_filename_component(room ${room} NAME)
  add_test(NAME ${room}/${name} COMMAND bash ${source} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${room}/${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 1800
    ENVIRONMENT "VITX_PROGRAM=${PROJECT_BINARY_DIR}/vitx;VITX_BUILD=${PROJECT_BINARY_DIR};OPENBLAS_NUM_THREADS=1")
endforeach()

# The walls of the house, read from the sources; and that each broken wall would be seen.
add_test(NAME house COMMAND bash tests/house.sh WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
add_test(NAME house/self-test COMMAND bash tests/house.sh --self-test WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})

# vitx of which one allocation finds no memory (tests/memory/failing.c), over each allocation of each command.
set(failing_wraps malloc calloc realloc strdup strndup asprintf vasprintf)
list(TRANSFORM failing_wraps PREPEND "-Wl,--wrap=")
add_executable(vitx_failing harness/main.c ${cli_sources} tests/memory/failing.c)
target_link_libraries(vitx_failing PRIVATE vitx_harness)
target_link_options(vitx_failing PRIVATE ${failing_wraps})
foreach(command run table compare report explain figure)
  add_test(NAME memory/${command} COMMAND /usr/bin/python3 tests/memory/allocations.py ${command} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(memory/${command} PROPERTIES TIMEOUT 900 ENVIRONMENT "VITX_BUILD=${PROJECT_BINARY_DIR}")
endforeach()
foreach(command report sheet)
  add_test(NAME memory/json-${command} COMMAND /usr/bin/python3 tests/memory/allocations.py ${command} --json
           WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(memory/json-${command} PROPERTIES TIMEOUT 900 ENVIRONMENT "VITX_BUILD=${PROJECT_BINARY_DIR}")
endforeach()

# Measurements that people run by hand: tests/bench/NAME.c is bench_NAME.
file(GLOB bench_sources CONFIGURE_DEPENDS tests/bench/*.c)
list(FILTER bench_sources EXCLUDE REGEX "/test_[a-z_]*\\.c$")
foreach(source ${bench_sources})
  get_filename_component(name ${source} NAME_WE)
  add_executable(bench_${name} ${source})
  target_link_libraries(bench_${name} PRIVATE vitx_harness)
endforeach()

# Broken files for everything that reads files: tests/fuzz/fuzz.c, a few seconds of each; longer by hand.
add_executable(fuzz tests/fuzz/fuzz.c)
target_link_libraries(fuzz PRIVATE vitx_harness)
foreach(target safetensors model yaml config annotation mask picture npy npz table)
  add_test(NAME fuzz/${target} COMMAND fuzz ${target} 400 WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(fuzz/${target} PROPERTIES TIMEOUT 900 ENVIRONMENT "OPENBLAS_NUM_THREADS=1")
endforeach()

# ThreadSanitizer's warnings about libraries that it cannot see into (tests/tsan.supp).
if(VITX_SANITIZE MATCHES "thread")
  get_property(all_tests DIRECTORY PROPERTY TESTS)
  set_property(TEST ${all_tests} APPEND PROPERTY ENVIRONMENT "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/tsan.supp")
endif()
