# The rooms of the harness are one library; that each uses only what stands below it is tests/house.sh's to see.
include(cmake/embed.cmake)
file(GLOB harness_sources CONFIGURE_DEPENDS harness/data/*.c harness/store/*.c harness/draw/*.c harness/config/*.c
     harness/run/*.c harness/attention/*.c harness/bench/*.c harness/pictures/*.c harness/study/*.c harness/tables/*.c
     harness/report/*.c)
add_library(vitx_harness STATIC ${harness_sources})
target_link_libraries(vitx_harness PUBLIC vitx_explainers vitx_metrics vitx_statistics vitx_core PkgConfig::XML
                      PkgConfig::PNG PkgConfig::JPEG PkgConfig::SQLITE PkgConfig::YAML PkgConfig::JANSSON
                      PkgConfig::CAIRO PkgConfig::PANGO PkgConfig::ZIP)
target_compile_definitions(vitx_harness PUBLIC VITX_VERSION="${PROJECT_VERSION}")
vitx_embed(vitx_harness harness/store/schema.sql)
vitx_embed(vitx_harness configs/published.yaml)
file(GLOB protocols RELATIVE ${PROJECT_SOURCE_DIR} CONFIGURE_DEPENDS protocols/*.yaml)
foreach(protocol ${protocols})
  vitx_embed(vitx_harness ${protocol})
endforeach()
file(GLOB page_parts RELATIVE ${PROJECT_SOURCE_DIR} CONFIGURE_DEPENDS harness/report/page/*)
foreach(part ${page_parts})
  vitx_embed(vitx_harness ${part})
endforeach()

file(GLOB cli_sources CONFIGURE_DEPENDS harness/cli/*.c)
add_executable(vitx harness/main.c ${cli_sources})
target_link_libraries(vitx PRIVATE vitx_harness)
