/* Heat maps that another program has made, as files: which there are, and one after the other as numbers.

   - a folder, with folders in it: ID.npy, ID.png (grey, 8 or 16 bits), ID.safetensors (of one tensor);
   - one .npz or one .safetensors with an array an image;
   - a table (.csv, .tsv): a first line with the columns image and file, target if one likes; files beside it.

   Which image of a data set a map is of is the caller's to find out. One thread at a time. */
#ifndef VX_MAPS_H
#define VX_MAPS_H

#include "harness/data/npy.h"

typedef struct vx_maps vx_maps;

typedef struct vx_maps_entry {
  const char *name;   /* of the image, or what stands for it: a path below the folder or in the archive, no ending */
  const char *target; /* of a table: the class explained; NULL: it does not say */
  const char *place;  /* file and member, for errors */
} vx_maps_entry;

/* NULL on failure: nothing there, of no kind that is read, a table that cannot be understood, not one map. Entries are
   in the order of names, in a table as they stand. */
vx_maps *vx_maps_open(const char *path, vx_error *error);
void vx_maps_close(vx_maps *maps);

int vx_maps_count(const vx_maps *maps);
const vx_maps_entry *vx_maps_at(const vx_maps *maps, int index);
int vx_maps_left_out(const vx_maps *maps); /* files and members of other kinds */

/* Reads a map. Fails on what is no map: a colour picture, channels, text; values need not be finite. */
bool vx_maps_read(vx_maps *maps, int index, vx_array *array, vx_error *error);

/* A table of image and target (and whatever else) alone: names and targets. */
vx_maps *vx_maps_targets(const char *path, vx_error *error);

#endif
