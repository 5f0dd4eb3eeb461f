/* One source, three precisions: files that include this are compiled once each

     single   values and products in single precision
     double   everything in double                                                                  VX_REAL_DOUBLE
     mixed    as double, the products of relevance's linear rules in single         VX_REAL_DOUBLE and VX_LIN_SINGLE

   Bodies say `vx_norm_forward(…)`; to the linker it is vx_norm_forward_single, _double or _mixed. */
#ifndef VX_REAL_H
#define VX_REAL_H

#include <cblas.h>

#ifdef VX_REAL_DOUBLE
typedef double real;
#define VX_GEMM cblas_dgemm
#define VX_GEMV cblas_dgemv
#else
typedef float real;
#define VX_GEMM cblas_sgemm
#define VX_GEMV cblas_sgemv
#endif

#if defined(VX_REAL_DOUBLE) && !defined(VX_LIN_SINGLE)
typedef double lin;
#define VX_LIN_GEMM cblas_dgemm
#define VX_R(name) name##_double
#else
typedef float lin;
#define VX_LIN_GEMM cblas_sgemm
#ifdef VX_REAL_DOUBLE
#define VX_R(name) name##_mixed
#else
#define VX_R(name) name##_single
#endif
#endif

/* layers.h */
#define vx_product VX_R(vx_product)
#define vx_product_back VX_R(vx_product_back)
#define vx_bias VX_R(vx_bias)
#define vx_linear_relevance VX_R(vx_linear_relevance)
#define vx_part_back VX_R(vx_part_back)
#define vx_norm_forward VX_R(vx_norm_forward)
#define vx_norm_back VX_R(vx_norm_back)
#define vx_softmax VX_R(vx_softmax)
#define vx_softmax_back VX_R(vx_softmax_back)
#define vx_bias_activate VX_R(vx_bias_activate)
#define vx_activate_back VX_R(vx_activate_back)
#define vx_qk_norm VX_R(vx_qk_norm)
#define vx_qk_norm_back VX_R(vx_qk_norm_back)
#define vx_bias_residual VX_R(vx_bias_residual)
#define vx_sum_relevance VX_R(vx_sum_relevance)
#define vx_copy_relevance VX_R(vx_copy_relevance)
#define vx_floor VX_R(vx_floor)
#define vx_attend VX_R(vx_attend)
#define vx_attend_back VX_R(vx_attend_back)
#define vx_values_relevance VX_R(vx_values_relevance)
#define vx_scores_relevance VX_R(vx_scores_relevance)
#define vx_cut_patches VX_R(vx_cut_patches)
#define vx_embed VX_R(vx_embed)
#define vx_embed_back VX_R(vx_embed_back)
#define vx_embed_relevance VX_R(vx_embed_relevance)
#define vx_read VX_R(vx_read)
#define vx_read_back VX_R(vx_read_back)
#define vx_read_relevance VX_R(vx_read_relevance)
#define vx_classify VX_R(vx_classify)
#define vx_classify_back VX_R(vx_classify_back)
#define vx_all_finite VX_R(vx_all_finite)
#define vx_copy_finite VX_R(vx_copy_finite)
/* trace.h */
#define vx_trace_new VX_R(vx_trace_new)
#define vx_trace_free VX_R(vx_trace_free)
#define vx_trace_take VX_R(vx_trace_take)
#define vx_trace_layer VX_R(vx_trace_layer)
#define vx_forward VX_R(vx_forward)
/* descend.h */
#define vx_ways_plan VX_R(vx_ways_plan)
#define vx_ways_take VX_R(vx_ways_take)
#define vx_descend VX_R(vx_descend)
#define vx_goes_below VX_R(vx_goes_below)
#define vx_shown VX_R(vx_shown)
#define vx_in_double VX_R(vx_in_double)
#define vx_slot_at VX_R(vx_slot_at)
#define vx_record VX_R(vx_record)
#define vx_mlp_back VX_R(vx_mlp_back)
#define vx_head_back VX_R(vx_head_back)

#endif
