# metrics: one file a measure, and the chain from a heat map to its scores. statistics: what is concluded from numbers.
file(GLOB metric_sources CONFIGURE_DEPENDS metrics/*.c)
add_library(vitx_metrics STATIC ${metric_sources})
target_link_libraries(vitx_metrics PUBLIC vitx_statistics vitx_core vitx_base)
file(GLOB statistic_sources CONFIGURE_DEPENDS statistics/*.c)
add_library(vitx_statistics STATIC ${statistic_sources})
target_link_libraries(vitx_statistics PUBLIC vitx_base)
