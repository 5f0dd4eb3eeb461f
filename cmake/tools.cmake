# Programs that make the project's own data; nothing of vitx needs them at run time.
file(GLOB scenes_sources CONFIGURE_DEPENDS tools/scenes/*.c)
if(scenes_sources)
  add_executable(scenes ${scenes_sources})
  target_link_libraries(scenes PRIVATE vitx_core PkgConfig::CAIRO PkgConfig::PNG PkgConfig::JPEG m)
endif()

# The library as a reader would use it.
add_executable(explain_one examples/explain_one.c)
target_link_libraries(explain_one PRIVATE vitx_harness)
