# core: the Vision Transformer itself. Files in `core_real` are written once over `real` (core/real.h) and compiled in
# single and in double precision; those in `core_relevance` a third time, with double values and single products.
set(core_real core/layers.c core/trace.c core/forward.c core/backward.c core/rules.c core/relevance.c)
set(core_relevance core/rules.c core/relevance.c)
file(GLOB core_plain CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/core/*.c)
foreach(source ${core_real})
  list(REMOVE_ITEM core_plain ${PROJECT_SOURCE_DIR}/${source})
endforeach()

add_library(vitx_core_single OBJECT ${core_real})
add_library(vitx_core_double OBJECT ${core_real})
add_library(vitx_core_mixed OBJECT ${core_relevance})
target_compile_definitions(vitx_core_double PRIVATE VX_REAL_DOUBLE)
target_compile_definitions(vitx_core_mixed PRIVATE VX_REAL_DOUBLE VX_RELEVANCE_MIXED)
foreach(variant vitx_core_single vitx_core_double vitx_core_mixed)
  target_link_libraries(${variant} PRIVATE PkgConfig::BLAS PkgConfig::JANSSON)
  # Neither changes a result; both let loops with a choice in them become vector code.
  target_compile_options(${variant} PRIVATE -fno-math-errno -fno-trapping-math)
endforeach()

add_library(vitx_core STATIC ${core_plain} $<TARGET_OBJECTS:vitx_core_single> $<TARGET_OBJECTS:vitx_core_double>
            $<TARGET_OBJECTS:vitx_core_mixed>)
target_link_libraries(vitx_core PUBLIC vitx_base PkgConfig::BLAS PkgConfig::JANSSON Threads::Threads m)
