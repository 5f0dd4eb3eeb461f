/* Every way down through the model that core knows: one line a descent, in the order in which they pass a block (what a
   later one can use, first). A new one is a file in core/descents/ and a line here; the name on the left is what a
   method asks for. See docs/core.md. */
#ifndef VX_DESCENTS_H
#define VX_DESCENTS_H

#define VX_DESCENTS(DESCENT)                                                                                           \
  DESCENT(CUT_GRADIENT, cut_gradient) /* AG-CAM's: none passes into an attention block's input (spec section 4) */     \
  DESCENT(GRADIENT, gradient)         /* of the output */                                                              \
  DESCENT(LRP_PLAIN, lrp_plain)       /* relevance; parameter: the stabilizer, 0 as published */                       \
  DESCENT(LRP_IMPROVED, lrp_improved)

#endif
