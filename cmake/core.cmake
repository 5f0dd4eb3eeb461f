# core: the Vision Transformer itself. Sources that start with a line "real: single double" are templates over
# the floating-point type (core/real.h) and are compiled once for each variant.
file(GLOB core_plain CONFIGURE_DEPENDS core/*.c)
add_library(vitx_core STATIC ${core_plain})
target_link_libraries(vitx_core PUBLIC PkgConfig::BLAS PkgConfig::JANSSON Threads::Threads m)
