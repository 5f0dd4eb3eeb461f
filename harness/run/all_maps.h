/* Measures of all maps of a method: taken of the maps in the file when a run's images are there, and anew when images
   were added. Without the model; memory is that of one map. */
#ifndef VX_ALL_MAPS_H
#define VX_ALL_MAPS_H

#include "harness/run/run.h"
#include "harness/store/store.h"

/* Those of the run's metrics whose bits are set and that are of this kind, for the methods of which any map lacks one.
   Fails when memory is out or the store cannot be read or written. */
bool vx_all_maps_measure(const vx_run *run, vx_store *store, uint64_t metrics, vx_error *error);

#endif
