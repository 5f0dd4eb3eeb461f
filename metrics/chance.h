/* What a mask reaches by its density alone. */
#ifndef VX_CHANCE_H
#define VX_CHANCE_H

/* The expected IoU of a mask with as many pixels as the given one, put at random: `all` pixels are counted, `truth` of
   them are foreground, `mask` of them are drawn without replacement, every set of that size alike. The overlap is
   hypergeometric; its sum is exact where it has at most 256 terms, beyond that the second-order expansion around the
   mean overlap (off by less than 1e-6). No foreground in either: 1, as IoU has it. NaN where all = 0 or a count does
   not fit. */
double vx_chance_iou(double all, double truth, double mask);

#endif
