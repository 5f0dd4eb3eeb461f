/* A protocol: what a run has to be like for its numbers to stand beside others', as a file that is cited by name and
   SHA-256 (docs/protocols.md). Read-only after reading; any thread may read one. */
#ifndef VX_PROTOCOL_H
#define VX_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "harness/config/yaml.h"

enum { VX_SHA256_SIZE = 65 }; /* 64 hex digits and the end */

typedef struct vx_protocol {
  vx_arena *arena; /* owns the texts */
  vx_yaml *tree;   /* the file */
  const char *name, *title;
  const char *path;            /* what errors call it */
  char digest[VX_SHA256_SIZE]; /* SHA-256 of the file's bytes */
  const vx_yaml *keys;         /* of a run's configuration, that it fixes; a map */
  int images;                  /* how many the list has */
  const char *ids;             /* SHA-256 of the list, each id with a newline after it */
  const char **rows;           /* [row_count] explainers that a table has to have */
  const char **measures;       /* [measure_count] likewise */
  int row_count, measure_count;
  const char *model; /* digest of the model, NULL: any */
} vx_protocol;

/* `name`: a file; or the name of one in protocols/, under the working directory or in the program itself. NULL on
   failure: no such protocol (the error names the nearest), a file that is none. */
vx_protocol *vx_protocol_read(const char *name, vx_error *error);
void vx_protocol_free(vx_protocol *protocol); /* NULL is fine */

/* The protocols that the program carries: the index-th's name, NULL past the last. */
const char *vx_protocol_at(int index);

/* Whether a list of images is the protocol's; the error says what it is instead. */
bool vx_protocol_check_list(const vx_protocol *protocol, const char *const *ids, int count, const char *where,
                            vx_error *error);

#endif
