/* Every way down through the model that core knows: one line a descent. A new one is a file with its passes and a line
   here; the name on the left is what a method asks for. */
#ifndef VX_DESCENTS_H
#define VX_DESCENTS_H

#define VX_DESCENTS(DESCENT)                                                                                           \
  DESCENT(GRADIENT, gradient)         /* of the output */                                                              \
  DESCENT(CUT_GRADIENT, cut_gradient) /* AG-CAM's: none passes into an attention block's input (spec section 4) */     \
  DESCENT(LRP_IMPROVED, lrp_improved) /* relevance; parameter: the stabilizer, 0 as published */                       \
  DESCENT(LRP_PLAIN, lrp_plain)

#endif
