/* Every result row of a file as text, in a fixed order, without times and host: two runs that agree print the same
   bytes, whatever the number of workers, stops and continuations. */
#ifndef VX_STORE_DUMP_H
#define VX_STORE_DUMP_H

#include <stdio.h>

#include "harness/store/store.h"

/* One line a row, columns parted by tabs, the first names the kind of row: run, protocol, method, scoring, image,
   object, prediction, top, evaluation, score, curve, map, failure. Numbers in full precision, NULL as "-", maps as a
   digest, tab, newline and backslash in texts escaped. Runs in the order of their digests, then by names and places in
   the list. `run` 0: all. Write errors are left in `to`. */
bool vx_store_dump(vx_store *store, int64_t run, FILE *to, vx_error *error);

#endif
