/* Colours of heat maps: perceptually uniform and safe for colour-blind readers.

   A map from 0 to 1 is drawn in one that goes from dark to bright, so that it also reads in grey; a signed one in
   `balance`, which has the same lightness on both sides of its middle. */
#ifndef VX_DRAW_COLOUR_H
#define VX_DRAW_COLOUR_H

#include <stdbool.h>
#include <stdint.h>

typedef struct vx_colours {
  const char *id, *title;
  bool signed_values; /* the middle means 0 */
  uint32_t rgb[256];  /* 0xRRGGBB, from the lowest value to the highest */
} vx_colours;

#define VX_COLOUR_CHOICES "viridis|inferno|magma|grey" /* of those for maps from 0 to 1, in the order of the table */
#define VX_COLOUR_DEFAULT "inferno"

/* All of them in order, NULL past the last; and by name, NULL when there is none. */
const vx_colours *vx_colours_at(int index);
const vx_colours *vx_colours_find(const char *id);

/* The colour of a value in [0,1] (clamped; NaN is 0), between neighbours in the table, channels in [0,255]. A signed
   map's value t in [-1,1] goes in as (t + 1)/2. */
void vx_colour_of(const vx_colours *colours, double value, double rgb[3]);

/* Colours for things of different kinds, told apart by colour-blind readers (Okabe & Ito 2008, without black and
   yellow's glare): `index` counts on past the last from the first. 0xRRGGBB. */
uint32_t vx_colour_kind(int index);

#endif
