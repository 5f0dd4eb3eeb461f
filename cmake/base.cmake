# base: what every room needs and no room owns: errors, memory, digests, words, random numbers, files.
file(GLOB base_sources CONFIGURE_DEPENDS base/*.c)
add_library(vitx_base STATIC ${base_sources})
target_link_libraries(vitx_base PUBLIC PkgConfig::XML Threads::Threads m)
