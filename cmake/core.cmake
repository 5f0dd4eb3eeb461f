# core: the Vision Transformer itself. The files of the engine are written once over `real` (core/real.h) and compiled in
# single and in double precision, and a third time with double values and single products in relevance's linear rules.
file(GLOB core_real CONFIGURE_DEPENDS core/layers/*.c core/descents/*.c)
list(APPEND core_real core/trace.c core/forward.c core/backward.c core/descend.c core/engine.c)
file(GLOB core_plain CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/core/*.c)
foreach(source trace forward backward descend engine)
  list(REMOVE_ITEM core_plain ${PROJECT_SOURCE_DIR}/core/${source}.c)
endforeach()

foreach(precision single double mixed)
  add_library(vitx_core_${precision} OBJECT ${core_real})
  target_link_libraries(vitx_core_${precision} PRIVATE PkgConfig::BLAS PkgConfig::JANSSON)
  # Neither changes a result; both let loops with a choice in them become vector code.
  target_compile_options(vitx_core_${precision} PRIVATE -fno-math-errno -fno-trapping-math)
endforeach()
target_compile_definitions(vitx_core_double PRIVATE VX_REAL_DOUBLE)
target_compile_definitions(vitx_core_mixed PRIVATE VX_REAL_DOUBLE VX_LIN_SINGLE)

add_library(vitx_core STATIC ${core_plain} $<TARGET_OBJECTS:vitx_core_single> $<TARGET_OBJECTS:vitx_core_double>
            $<TARGET_OBJECTS:vitx_core_mixed>)
target_link_libraries(vitx_core PUBLIC vitx_base PkgConfig::BLAS PkgConfig::JANSSON Threads::Threads m)
