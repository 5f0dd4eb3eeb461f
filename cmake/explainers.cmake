# explainers: one file a method; explainers/parts: what several methods share.
file(GLOB explainer_sources CONFIGURE_DEPENDS explainers/*.c explainers/parts/*.c)
add_library(vitx_explainers STATIC ${explainer_sources})
target_link_libraries(vitx_explainers PUBLIC vitx_metrics vitx_core)
# Neither changes a result; both let loops with a choice in them become vector code.
target_compile_options(vitx_explainers PRIVATE -fno-math-errno -fno-trapping-math)
