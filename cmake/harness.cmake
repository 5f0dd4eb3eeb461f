file(GLOB harness_sources CONFIGURE_DEPENDS harness/data/*.c harness/store/*.c harness/config/*.c harness/run/*.c
     harness/show/*.c)
if(harness_sources)
  add_library(vitx_harness STATIC ${harness_sources})
  target_link_libraries(vitx_harness PUBLIC vitx_core PkgConfig::XML PkgConfig::PNG PkgConfig::JPEG
                        PkgConfig::SQLITE PkgConfig::YAML PkgConfig::JANSSON PkgConfig::CAIRO)
  target_compile_definitions(vitx_harness PUBLIC VITX_VERSION="${PROJECT_VERSION}")
  foreach(room vitx_explainers vitx_metrics)
    if(TARGET ${room})
      target_link_libraries(vitx_harness PUBLIC ${room})
    endif()
  endforeach()
endif()

if(EXISTS ${PROJECT_SOURCE_DIR}/harness/main.c)
  file(GLOB cli_sources CONFIGURE_DEPENDS harness/cli/*.c)
  add_executable(vitx harness/main.c ${cli_sources})
  target_link_libraries(vitx PRIVATE vitx_harness)
endif()
