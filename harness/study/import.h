/* Maps that another program has made, as a further method of a stored run: scored by the run's own scoring, from the
   masks that the run saw, without the model. From there on they are rows like the others.

   Everything is read once before anything is written: what cannot be understood is refused then. An import that was
   interrupted goes on with the same maps. */
#ifndef VX_IMPORT_H
#define VX_IMPORT_H

#include "harness/store/query.h"

typedef struct vx_import_options {
  int64_t run;                        /* 0: the newest */
  const char *maps, *as;              /* what vx_maps_open takes; name of the method */
  const char *family, *source, *cite; /* NULL: "imported", "", none */
  const char *target;   /* class explained: top, none, an index or label of the model, a table of image and target;
                           NULL: as the table of the maps says */
  const char *geometry; /* what a map covers: grid or input (the model's input), image (the whole picture); NULL: known
                           where the input is the whole picture, or by the sides of the maps */
  bool is_signed;       /* values below 0 count as such */
  bool is_mask;         /* above 0.5 is in the mask, no threshold is sought */
  const char *root;     /* where the data set is now; NULL: where the run found it */
  int jobs;
} vx_import_options;

/* How many, and the names of the first few. */
typedef struct vx_import_names {
  int count;
  char first[200];
} vx_import_names;

typedef struct vx_import_report {
  int64_t run;
  vx_method_row method;
  int maps;                           /* there are */
  int before;                         /* images that had it already */
  int imported;                       /* images that have a map now */
  vx_import_names broken, missing;    /* images through the gate: a map that is none, no map */
  vx_import_names outside, unknown;   /* maps of images of the list that are not evaluated, of none of its images */
  int other_class;                    /* maps that explain another class than the run's own */
  int left_out;                       /* files of other kinds */
  int unmeasured;                     /* measures of the run that ask the model: not of these maps */
  char geometry[16], broken_why[400]; /* of the maps; the first that is none */
} vx_import_report;

/* False when it cannot be done: then nothing was written, or, when the disk is full, say, whole images. Texts of the
   report's method lie in `arena`. */
bool vx_import(vx_store *store, const vx_import_options *options, vx_arena *arena, vx_import_report *report,
               vx_error *error);

#endif
