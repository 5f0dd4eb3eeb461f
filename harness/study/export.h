/* What a run holds, as files for other programs. */
#ifndef VX_EXPORT_H
#define VX_EXPORT_H

#include "harness/store/query.h"

#define VX_EXPORT_AS "maps|scored|masks|overlays|predictions|scores"
typedef enum vx_export_as {
  VX_EXPORT_MAPS,        /* as they are stored: numbers of patch maps, bytes of maps at input resolution */
  VX_EXPORT_SCORED,      /* the bytes at evaluation size that Otsu's threshold reads */
  VX_EXPORT_MASKS,       /* 255 in the mask, 0 outside, at evaluation size */
  VX_EXPORT_OVERLAYS,    /* pictures with the map laid over them */
  VX_EXPORT_PREDICTIONS, /* predictions.csv */
  VX_EXPORT_SCORES       /* scores.csv */
} vx_export_as;

#define VX_EXPORT_FORMATS "npy|npz|safetensors|png|csv"
typedef enum vx_export_format {
  VX_EXPORT_NPY, /* OUT/METHOD/ID.npy and OUT/METHOD/maps.csv, which vx_maps_open takes */
  VX_EXPORT_NPZ, /* OUT/METHOD.npz, and OUT/METHOD.csv of the classes explained */
  VX_EXPORT_SAFETENSORS,
  VX_EXPORT_PNG, /* as npy */
  VX_EXPORT_CSV
} vx_export_format;

typedef struct vx_export_options {
  int64_t run;               /* 0: the newest */
  const char *scoring;       /* NULL: main */
  const char *methods, *ids; /* "a,b,…"; ids also a file with one a line; NULL: all */
  vx_export_as as;
  vx_export_format format;
  const char *out;  /* folder; made when missing */
  const char *root; /* where the data set is now, for overlays; NULL: where the run found it */
} vx_export_options;

typedef struct vx_export_report {
  int files, maps;
  int methods;
  char first[1100];   /* of the first method what vx_import takes; "": nothing that it does */
  char targets[1100]; /* the table of its classes, where `first` does not have them; "": it explains none */
  bool explains, is_signed, is_mask; /* its maps depend on a class; some values are below 0; they are masks */
  char first_name[80];
} vx_export_report;

/* False, with what was written before left there, when something cannot be read or written. */
bool vx_export(vx_store *store, const vx_export_options *options, vx_export_report *report, vx_error *error);

#endif
